"""``sam local`` against ``python -m local.sam``, as in docs/sam-local.md; needs a container engine.

Skipped unless an engine answers and has the image of the runtime, or can pull it.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from tests.helpers.waiting import free_port, is_listening, wait_until

ROOT = Path(__file__).parents[2]
SAM = ROOT / ".venv-sam" / "bin" / "sam"
PROCESSOR = "arm64" if platform.machine().lower() in {"aarch64", "arm64"} else "x86_64"
IMAGE = f"public.ecr.aws/lambda/python:3.13-{PROCESSOR}"
START_S = 60.0
HANDLED: dict[str, Any] = {"batchItemFailures": []}
OVERRIDE = (
    "--parameter-overrides",
    f"Architecture={PROCESSOR}",
    f"EdgeArchitecture={PROCESSOR}",
)
pytestmark = [
    pytest.mark.system,
    pytest.mark.engine,
    pytest.mark.timeout(900),
    pytest.mark.xdist_group("engine"),
]


def engine_complaint() -> str | None:
    """Return why no engine can be used, None when one can."""
    program = shutil.which("docker") or shutil.which("podman")
    if program is None:
        return "neither docker nor podman is installed"
    if program.endswith("podman") and "DOCKER_HOST" not in os.environ:
        return "podman is installed, but DOCKER_HOST does not name its socket"
    try:
        if not succeeds(program, "info"):
            return f"{Path(program).name} has no running engine"
        if not succeeds(program, "image", "inspect", IMAGE) and not succeeds(
            program, "pull", "--quiet", IMAGE
        ):
            return f"the engine cannot pull {IMAGE}"
    except subprocess.TimeoutExpired:
        return "the engine does not answer in time"
    return None


def succeeds(*command: str) -> bool:
    return subprocess.run(command, capture_output=True, check=False, timeout=300).returncode == 0


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Build a copy of what ``sam`` reads while the local AWS endpoint serves."""
    assert SAM.exists(), "needs aws-sam-cli: make .venv-sam/.done"
    complaint = engine_complaint()
    if complaint is not None:
        pytest.skip(complaint)
    folder = tmp_path_factory.mktemp("project")
    folders = ("functions", "layers", "events", "edge_lambda", "deploy", "scripts", "requirements")
    for name in folders:
        shutil.copytree(ROOT / name, folder / name)
    for name in ("template.yaml", "samconfig.toml"):
        shutil.copy(ROOT / name, folder)
    endpoint = [sys.executable, "-m", "local.sam", "--port", str(free_port())]
    with running(endpoint, folder):
        wait_until((folder / ".local/sam/env.json").exists, START_S)
        built = sam(folder, "build", *OVERRIDE)
        assert built.returncode == 0, built.stderr
        yield folder


@contextmanager
def running(command: list[str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / "child.log").open("ab") as log:
        child = subprocess.Popen(
            command, cwd=folder, env=environment(), stdout=log, stderr=log, start_new_session=True
        )
    try:
        yield child
    finally:
        child.send_signal(signal.SIGINT)
        try:
            child.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def environment() -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("AWS_") and k != "PYTHONPATH"}
    # Where the runtime's Python is not installed, the functions only start more slowly.
    without = {"NO_BYTECODE": "1"}
    return kept | without | {"SAM_CLI_TELEMETRY": "0", "AWS_DEFAULT_REGION": "us-east-1"}


def sam(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(SAM), *arguments],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def invoke(folder: Path, function: str, sample: str) -> Any:
    done = sam(
        folder,
        "local",
        "invoke",
        function,
        *OVERRIDE,
        "--skip-pull-image",
        "-e",
        f"events/{sample}",
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.strip().splitlines()[-1])


def test_function_answers_good_and_bad_samples_when_sam_invokes_it(project: Path) -> None:
    stored = invoke(project, "StoreEventFunction", "store_event/ended.json")
    assert stored == HANDLED
    assert invoke(project, "StoreEventFunction", "store_event/bad_score.json") == HANDLED
    assert invoke(project, "SendAlertFunction", "send_alert/started.json") == HANDLED
    assert invoke(project, "SendAlertFunction", "send_alert/bad_missing_field.json") == HANDLED
    found = invoke(project, "HistoryApiFunction", "history_api/get.json")
    assert found["statusCode"] == 200
    assert invoke(project, "HistoryApiFunction", "history_api/get_bad_event_id.json")[
        "statusCode"
    ] == 400  # fmt: skip
    checked = invoke(project, "EdgeFunction", "edge_lambda/check.json")
    assert checked["machine"] == platform.machine()
    failed = invoke(project, "EdgeFunction", "edge_lambda/bad_unknown_key.json")
    assert failed["errorType"] == "SelfCheckError"


def test_api_answers_over_http_when_sam_serves_it(project: Path) -> None:
    port = free_port()
    command = [str(SAM), "local", "start-api", *OVERRIDE, "--skip-pull-image", "--port", str(port)]

    def ask(path: str) -> int:
        try:
            with urlopen(f"http://127.0.0.1:{port}{path}", timeout=120) as answer:
                return int(answer.status)
        except HTTPError as error:
            return error.code

    with running(command, project):
        wait_until(lambda: is_listening(port), START_S)
        assert ask("/v1/events?device=cam-1") == 200
        assert ask("/v1/events?devise=cam-1") == 400
