"""The programs of docs/clients.md, saved from its text and run on the API of one machine."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from smile_contract import truncate_to_ms
from tests.helpers.events import smile_event
from tests.helpers.http_server import Answer, serve
from tests.helpers.local_command import Served
from tests.helpers.waiting import wait_until

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("local-command")]

ROOT = Path(__file__).resolve().parents[2]
NODE = shutil.which("node")
LANGUAGES = [
    "py",
    pytest.param("mjs", marks=pytest.mark.skipif(NODE is None, reason="needs Node.js")),
]
# Print the phases of the first two smiles of `new`.
SHORT = {
    "py": """
import os
from smiles import Smiles
found = Smiles(os.environ["URL"], os.environ["KEY"]).new(wait_s=0)
print(next(found)["phase"], next(found)["phase"])
""",
    "mjs": """
import { Smiles } from "./smiles.mjs";
const found = new Smiles(process.env.URL, process.env.KEY).new({}, 0);
console.log((await found.next()).value.phase, (await found.next()).value.phase);
""",
}


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    running = Served("auto")
    yield running
    running.end()


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder with the programs of the page."""
    text = (ROOT / "docs" / "clients.md").read_text("utf-8")
    names = re.findall(r"this as `(.+?)`", text)
    blocks = re.findall(r"^```(?:python|js)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert names == ["smiles.py", "example.py", "smiles.mjs", "example.mjs"]
    for name, block in zip(names, blocks, strict=True):
        (tmp_path / name).write_text(block)
    return tmp_path


@contextmanager
def running(program: Path, url: str, key: str) -> Iterator[Callable[[], list[list[str]]]]:
    """Run a program; yield what returns the words of each line that it has printed."""
    command = [sys.executable if program.suffix == ".py" else str(NODE), program.name]
    output = program.with_suffix(".out")
    environment = {**os.environ, "URL": url, "KEY": key}
    with (
        output.open("w") as log,
        subprocess.Popen(
            command, cwd=program.parent, env=environment, stdout=log, stderr=subprocess.STDOUT
        ) as process,
    ):
        try:
            yield lambda: [line.split() for line in output.read_text().splitlines()]
        finally:
            process.kill()


@pytest.mark.parametrize("language", LANGUAGES)
def test_example_lists_all_smiles_gives_feedback_and_follows_new_ones(
    served: Served, programs: Path, language: str
) -> None:
    now = truncate_to_ms(datetime.now(UTC))
    stored = [
        smile_event(started_at=now - timedelta(milliseconds=one), peak_score=0.9)
        for one in (3, 2, 1)
    ]
    for event in stored:
        served.publish(event.to_dict())
    for event in stored:
        wait_until(lambda id=event.event_id: served.get(f"/v1/devices/cam-1/events/{id}")[0] == 200)
    earlier = len(served.get("/v1/events?device=cam-1")[1]["events"])

    url = f"http://127.0.0.1:{served.api_port}"
    with running(programs / f"example.{language}", url, "feedback_key") as lines:
        wait_until(lambda: len(lines()) >= 2 * earlier + 1)
        ids = [str(event.event_id) for event in stored]
        assert [line[1] for line in lines()[:3]] == ids[::-1], "newest first, over two pages"
        assert lines()[earlier] == ["feedback", "smile"]
        assert [line[1] for line in lines()[-3:]] == ids, "the newest come last"

        started = smile_event("started", started_at=truncate_to_ms(datetime.now(UTC)))
        served.publish(started.to_dict())
        wait_until(lambda: lines()[-1] == ["newest", str(started.event_id), "started"])
        ended_at = started.started_at + timedelta(milliseconds=started.duration_ms)
        served.publish(replace(started, phase="ended", ended_at=ended_at).to_dict())
        wait_until(lambda: lines()[-1] == ["newest", str(started.event_id), "ended"])
        assert len(lines()) == 2 * earlier + 3, "a poll without changes shows nothing"
    last = lines()[earlier - 1][1]
    feedback = served.get(f"/v1/devices/cam-1/events/{last}")[1]["feedback"]
    assert (feedback["verdict"], feedback["by"]) == ("smile", "Kim")


@pytest.mark.parametrize("language", LANGUAGES)
def test_client_polls_with_the_etag_and_waits_when_aws_is_busy(
    programs: Path, language: str
) -> None:
    asked: list[str | None] = []
    event = {"device_id": "cam-1", "event_id": "1"}
    pages = [[event | {"phase": phase}] for phase in ("started", "ended")]
    documents = [json.dumps({"events": page, "next_cursor": None}).encode() for page in pages]
    answers: list[Answer] = [
        (503, b"", {"Retry-After": "0"}),
        (200, documents[0], {"ETag": 'W/"1"'}),
        (304, b"", {"ETag": 'W/"1"'}),
        (429, b"", {"Retry-After": "0"}),
        (200, documents[1], {"ETag": 'W/"2"'}),
    ]

    def answer(_path: str, headers: Mapping[str, str], _body: bytes) -> Answer:
        asked.append(headers.get("If-None-Match"))
        return answers[len(asked) - 1]

    program = programs / f"short.{language}"
    program.write_text(SHORT[language])
    with serve(answer) as url, running(program, url, "read_key") as lines:
        wait_until(lines)
        assert lines() == [["started", "ended"]]
    assert asked == [None, None, 'W/"1"', 'W/"1"', 'W/"1"']


@pytest.mark.parametrize("language", LANGUAGES)
def test_client_ends_with_what_the_api_says(programs: Path, language: str) -> None:
    program = programs / f"short.{language}"
    program.write_text(SHORT[language])
    asked: list[str] = []

    def refuse(path: str, _headers: Mapping[str, str], _body: bytes) -> Answer:
        asked.append(path.rstrip("?"))
        return 403, b'{"detail": "Send a key of the scope read."}', {}

    with serve(refuse) as url, running(program, url, "bad_key") as lines:
        wait_until(lambda: any(_says_why(line) for line in lines()))
    assert asked == ["/v1/events"], "it does not repeat what cannot succeed"


def _says_why(line: list[str]) -> bool:
    return "GET /v1/events?: 403" in " ".join(line) and "of the scope read" in " ".join(line)
