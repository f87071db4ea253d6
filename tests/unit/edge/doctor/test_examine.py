"""The whole report of the doctor: its camera, its exit code, its JSON, and no secrets."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from edge_lambda.command import main
from edge_lambda.config import load_config
from edge_lambda.delivery.outbox import Outbox
from edge_lambda.doctor import camera_checks, examine
from edge_lambda.doctor.camera_checks import check_camera
from edge_lambda.doctor.check import Check, failed, ok
from edge_lambda.health import camera_state
from tests.helpers.disk import copy_of_crash
from tests.helpers.events import smile_event
from tests.helpers.mqtt_broker import fake_broker, unreachable_port
from tests.helpers.running_outbox import running_outbox
from tests.helpers.video import CLIP, damaged_video, grey_pictures, write_video

PASSWORD = "hunter2"


@pytest.fixture(autouse=True)
def short_watch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camera_checks, "_WATCH_S", 1.0)
    monkeypatch.setattr(camera_checks, "_LONGEST_WATCH_S", 3.0)


def camera(source: object, **more: object) -> dict[str, Check]:
    config = load_config(None, {"source": str(source), "camera.open_timeout_s": 0.5} | more)
    return {one.name: one for one in check_camera(config)}


def report(capsys: pytest.CaptureFixture[str], *flags: str) -> tuple[int, dict[str, str], str]:
    """Run the doctor; return its exit code, the results by name, and all it printed."""
    code = main(["doctor", "--json", *flags])
    text = capsys.readouterr().out
    document = json.loads(text)
    assert document["ok"] is (code == 0)
    return code, {one["name"]: one["result"] for one in document["checks"]}, text


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Leave out what takes long and has its own tests."""
    for name in ("check_program", "check_models", "check_interpreter", "check_clock"):
        monkeypatch.setattr(examine, name, lambda name=name: ok(name, ""))
    yield
    assert not logging.root.manager.disable


def test_camera_is_ok_when_it_shows_people() -> None:
    checks = camera(CLIP)
    assert {name: one.result for name, one in checks.items()} == dict.fromkeys(
        ("camera", "frame rate", "light"), "ok"
    )
    assert "8 needed" in checks["frame rate"].found


def test_camera_fails_when_it_is_not_there() -> None:
    checks = camera("/dev/video77")
    assert list(checks) == ["camera"]
    assert (checks["camera"].result, checks["camera"].found) == (
        "failed",
        "no camera at /dev/video77",
    )


def test_camera_fails_when_the_stream_is_refused_and_names_no_password() -> None:
    with unreachable_port() as port:
        check = camera(f"rtsp://admin:{PASSWORD}@127.0.0.1:{port}/live")["camera"]
    assert check.result == "failed"
    assert "refused" in check.found
    assert PASSWORD not in check.line


def test_camera_fails_when_most_frames_are_damaged(tmp_path: Path) -> None:
    check = camera(damaged_video(tmp_path / "a.avi", range(1, 40)))["camera"]
    assert (check.result, "damaged frames" in check.found) == ("failed", True)


def test_light_fails_when_the_picture_is_dark(tmp_path: Path) -> None:
    pictures = grey_pictures(400, (320, 180), 2, 0)
    check = camera(write_video(tmp_path / "dark.mp4", pictures))["light"]
    assert (check.result, check.found) == ("failed", "the picture is too dark")


def test_camera_is_watched_until_its_state_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(camera_state._HOLD_S, "too_dark", 2.0)
    dark = write_video(tmp_path / "dark.mp4", grey_pictures(150, (320, 180), 2, 0))
    checks = camera(dark, **{"camera.realtime": True})
    assert checks["light"].found == "the picture is too dark"


def test_light_fails_when_the_lens_is_covered(tmp_path: Path) -> None:
    noise = np.random.default_rng(1)
    pictures = [
        np.clip(picture + noise.normal(0, 6, picture.shape), 0, 255).astype(np.uint8)
        for picture in grey_pictures(400, (320, 180), 120, 0)
    ]
    check = camera(write_video(tmp_path / "covered.mp4", pictures))["light"]
    assert (check.result, check.found) == ("failed", "the picture has no structure")


def test_frame_rate_fails_when_the_camera_is_slow(tmp_path: Path) -> None:
    slow = write_video(
        tmp_path / "slow.mp4", grey_pictures(8), times_ms=[500 * i for i in range(8)], rate=2
    )
    check = camera(slow, **{"camera.realtime": True})["frame rate"]
    assert check.result == "failed"
    assert "turn on a light" in check.advice


def test_frame_rate_fails_when_the_device_is_slow() -> None:
    settings = load_config(None, {"source": "0"}).smile
    check = camera_checks._check_rate(settings, frames=20, skipped=100, elapsed_s=4.0)
    assert check.result == "failed"
    assert "the camera offers 30.0" in check.found
    assert "vision.cpu_ms_per_s" in check.advice


@pytest.mark.usefixtures("quick")
def test_report_is_ok_when_everything_works(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with fake_broker() as broker:
        flags = ["--source", str(CLIP), "--sink", "mqtt", "--outbox", str(tmp_path / "o.sqlite")]
        flags += ["--mqtt-url", f"mqtt://user:{PASSWORD}@127.0.0.1:{broker.port}"]
        code, results, text = report(capsys, *flags)
    assert code == 0
    assert results["probe"] == results["camera"] == "ok"
    assert PASSWORD not in text


@pytest.mark.usefixtures("quick")
def test_running_device_is_left_alone(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with running_outbox(tmp_path / "o.sqlite"), fake_broker() as broker:
        flags = ["--source", str(CLIP), "--sink", "mqtt", "--outbox", str(tmp_path / "o.sqlite")]
        flags += ["--mqtt-url", f"mqtt://127.0.0.1:{broker.port}"]
        code, results, _ = report(capsys, *flags)
        assert not broker.greetings
    assert code == 0
    assert (results["camera"], results["probe"]) == ("skipped", "skipped")


@pytest.mark.usefixtures("quick")
def test_probe_is_skipped_when_the_broker_is_away(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with unreachable_port() as port:
        flags = ["--source", str(CLIP), "--sink", "mqtt", "--outbox", str(tmp_path / "o.sqlite")]
        code, results, _ = report(capsys, *flags, "--mqtt-url", f"mqtt://127.0.0.1:{port}")
    assert code == 1
    assert (results["broker"], results["probe"]) == ("failed", "skipped")


@pytest.mark.usefixtures("quick")
def test_report_ends_with_the_settings_when_they_are_wrong(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code = main(["doctor", "--source", "0", "--max-gap-ms", "-1"])
    last = capsys.readouterr().out.splitlines()[-1]
    assert code == 1
    assert last.startswith("failed   settings     smile.max_gap_ms: expected at least 0")


def test_help_comes_before_the_checks_and_is_complete(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examine, "check_program", None)
    with pytest.raises(SystemExit) as caught:
        main(["doctor", "--help"])
    text = capsys.readouterr().out
    assert caught.value.code == 0
    for part in ("edge_lambda doctor", "--json", "--source", "--mqtt-url", "Exit codes: 0 the dev"):
        assert part in text


def test_wrong_flag_is_reported_before_the_checks(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examine, "check_program", None)
    assert main(["doctor", "--nonsense"]) == 2
    assert capsys.readouterr().err == (
        "edge_lambda: unrecognized arguments: --nonsense; "
        "python -m edge_lambda doctor --help lists all flags\n"
    )


@pytest.mark.usefixtures("quick")
def test_doctor_changes_no_outbox(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    folder = tmp_path / "state"
    path = folder / "o.sqlite"
    with closing(Outbox(tmp_path / "o.sqlite")) as killed:
        for _ in range(3):
            killed.put(smile_event())
        copy_of_crash(tmp_path / "o.sqlite", folder)
    before = {file.name: (file.read_bytes(), file.stat()) for file in folder.iterdir()}
    with fake_broker() as broker:
        flags = ["--source", "nofile", "--device-id", "cam-1", "--sink", "mqtt"]
        flags += ["--mqtt-url", f"mqtt://127.0.0.1:{broker.port}", "--outbox", str(path)]
        _, results, _ = report(capsys, *flags)
        (beat,) = map(json.loads, broker.payloads(connection=1))  # the second; the first only looks
    assert results["probe"] == "ok"
    assert (beat["status"], beat["next_seq"], beat["outbox_events"]) == ("offline", 3, 3)
    after = {file.name: (file.read_bytes(), file.stat()) for file in folder.iterdir()}
    for name, (content, stat) in after.items():
        assert content == before[name][0]
        assert (stat.st_mode, stat.st_ctime_ns) == (
            before[name][1].st_mode, before[name][1].st_ctime_ns
        )  # fmt: skip
    assert set(after) == set(before)


@pytest.mark.usefixtures("quick")
def test_what_needs_the_models_is_skipped_when_they_are_damaged(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(examine, "check_models", lambda: failed("models", "altered", "again"))
    for name in ("check_interpreter", "check_camera", "check_probe"):
        monkeypatch.setattr(examine, name, None)
    with fake_broker() as broker:
        flags = ["--source", str(CLIP), "--sink", "mqtt", "--outbox", str(tmp_path / "o.sqlite")]
        code, results, _ = report(capsys, *flags, f"--mqtt-url=mqtt://127.0.0.1:{broker.port}")
    assert (code, results["broker"]) == (1, "ok")
    assert [results[name] for name in ("interpreter", "camera", "probe")] == ["skipped"] * 3


def test_line_says_what_to_do() -> None:
    line = failed("broker", "h:8883: refused", "check the network").line
    assert line == "failed   broker       h:8883: refused. Check the network"


@pytest.mark.usefixtures("quick")
def test_the_probe_never_opens_a_wrong_outbox(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "other.mp4"
    path.write_bytes(b"another database" * 500)
    path.chmod(0o644)
    with fake_broker() as broker:
        flags = ("--source", "nofile", "--device-id", "cam-1", "--sink", "mqtt")
        code, results, _ = report(
            capsys, *flags, "--mqtt-url", f"mqtt://127.0.0.1:{broker.port}", "--outbox", str(path)
        )
    assert (code, results["outbox"], results["probe"]) == (1, "failed", "skipped")
    assert path.read_bytes() == b"another database" * 500
