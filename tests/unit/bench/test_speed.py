"""The tables of ``make bench`` say what was measured, and what was not."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench import contenders
from bench.contenders import CONTENDERS, DEVICE, Contender
from bench.measurements import Measurements
from bench.report import table, write_section
from bench.scenes.catalog import SPEED_SCENES
from bench.scenes.video import ROOT
from bench.speed_tables import CLIP_NAME, faces_table, speed_table, stages_table

PEER = "MediaPipe FaceMesh"


def measurements() -> Measurements:
    made = Measurements()
    for scene in (*SPEED_SCENES, CLIP_NAME):
        for cpu_ms in (2.0, 4.0, 90.0):
            made.add(DEVICE, scene, {"frames": 10, "cpu_ms": cpu_ms, "peak_mb": 100})
        made.add(PEER, scene, {"frames": 10, "faces": 25, "cpu_ms": 12.0, "peak_mb": 200})
        made.add("bare stages", scene, {"frames": 10, "faces": 3, "decode": 1.5, "cpu_ms": 3.0})
    return made


def cells(text: str, row: str) -> list[str]:
    (line,) = [line for line in text.splitlines() if line.startswith(f"| {row}")]
    return [cell.strip() for cell in line.strip("|").split("|")][1:]


def test_speed_table_shows_medians_ratios_and_gaps() -> None:
    text = speed_table(measurements())
    assert cells(text, "scene")[:2] == ["device, frames/s", "device, ms"]
    assert cells(text, "bundled clip") == ["250", "4.00", "3.00", "0.75", "12.00", "3.00", "-", "-"]
    assert cells(text, "peak memory") == ["", "100", "-", "", "200", "", "-", ""]


def test_faces_and_stages_have_tables_of_their_own() -> None:
    assert cells(faces_table(measurements()), "bundled clip") == ["3.0", "2.5", "-"]
    assert cells(stages_table(measurements()), "decode") == ["1.500"] * (len(SPEED_SCENES) + 1)


def test_peer_says_why_it_did_not_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contenders, "ROOT", tmp_path)
    peer = Contender("peer", ".venv-peer", ("bench.peer",))
    assert peer.problem == "not installed: run make bench"
    (tmp_path / ".venv-peer").mkdir()
    log = tmp_path / ".venv-peer" / "install.log"
    log.write_text("Looking\nERROR: Ignored 1.0\nERROR: No distribution for peer\n", "utf-8")
    assert peer.problem == "No distribution for peer"
    (tmp_path / ".venv-peer" / ".done").touch()
    assert peer.problem is None


def test_every_contender_has_a_module_and_a_pinned_environment() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for contender in CONTENDERS:
        module = contender.command[0].replace(".", "/")
        assert (ROOT / f"{module}.py").exists()
        assert f"{contender.environment}/.done" in makefile
        name = contender.environment.removeprefix(".venv-")
        assert "--hash=sha256:" in (ROOT / "requirements" / f"{name}.txt").read_text("utf-8")


def test_worker_answers_with_time_and_memory_even_if_a_library_prints() -> None:
    code = (
        "from bench.worker import serve\n"
        "def play(path, frames):\n"
        "    print('noise'); sum(range(300_000)); return {'frames': frames, 'length': len(path)}\n"
        "serve(play, 'x 1.0')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        input='{"path": "abc", "frames": 4}\n{"path": "a", "frames": 2}\n',
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    greeting, first, second = map(json.loads, done.stdout.splitlines())
    assert greeting == {"versions": "x 1.0"}
    assert (first["frames"], first["length"], second["length"]) == (4, 3, 1)
    assert first["cpu_ms"] > 0
    assert first["peak_mb"] > 1
    assert "noise" in done.stderr


def test_table_lines_up() -> None:
    assert table(["a", "long"], [["wide", "1"]]).splitlines() == [
        "| a    | long |",
        "| ---- | ---: |",
        "| wide |    1 |",
    ]


def test_section_of_a_document_is_replaced_and_the_rest_stays(tmp_path: Path) -> None:
    document = tmp_path / "page.md"
    document.write_text("a\n<!-- x -->\nold\n<!-- /x -->\nb\n", "utf-8")
    write_section(document, "x", "new")
    write_section(document, "x", "newer")
    assert document.read_text("utf-8") == "a\n<!-- x -->\n\nnewer\n\n<!-- /x -->\nb\n"
    with pytest.raises(ValueError, match=r"page\.md: expected <!-- y -->"):
        write_section(document, "y", "text")


def test_document_has_every_section() -> None:
    text = (ROOT / "docs" / "benchmarks.md").read_text("utf-8")
    for name in ("speed", "tracking", "sizes"):
        assert f"<!-- {name} -->\n" in text
        assert f"<!-- /{name} -->" in text
