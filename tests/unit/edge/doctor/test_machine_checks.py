"""The doctor on the machine: what it says when program, models, disk or clock are broken."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge_lambda.config import EdgeConfig, load_config
from edge_lambda.doctor import machine_checks
from edge_lambda.errors import SelfCheckError
from edge_lambda.version import RELEASED
from smile_vision.faces import weights


def config_of(**more: object) -> EdgeConfig:
    return load_config(None, {"source": "0", "device_id": "cam-1", "sinks": ("mqtt",)} | more)


def test_program_is_ok_when_it_fits_this_machine() -> None:
    assert machine_checks.check_program().result == "ok"


def test_program_fails_when_it_was_built_for_another_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(machine_checks, "find_problem", lambda: "this package is for riscv64")
    check = machine_checks.check_program()
    assert (check.result, check.found) == ("failed", "this package is for riscv64")


def test_models_are_ok_when_their_checksums_match() -> None:
    check = machine_checks.check_models()
    assert check.result == "ok"
    assert "4 others" in check.found


@pytest.mark.parametrize("name", list(weights.SHA256))
def test_models_fail_when_a_network_is_altered(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    (tmp_path / name).write_bytes(b"another network")
    monkeypatch.setattr(weights, "BUNDLED", tmp_path)
    check = machine_checks.check_models()
    assert check.result == "failed"
    assert f"{name} is altered" in check.found


def test_interpreter_is_ok_when_it_finds_the_synthetic_smile() -> None:
    assert machine_checks.check_interpreter().result == "ok"


def test_interpreter_fails_when_it_finds_no_face(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise SelfCheckError("faces: expected 2 in the synthetic picture, found 0")

    monkeypatch.setattr(machine_checks, "score_synthetic_faces", fail)
    check = machine_checks.check_interpreter()
    assert (check.result, check.advice) == ("failed", "install the package again")


@pytest.mark.parametrize(
    ("state", "now", "result"),
    [
        ("synchronized", RELEASED.replace(year=2030), "ok"),
        ("unknown", RELEASED.replace(year=2030), "ok"),
        ("unsynchronized", RELEASED.replace(year=2030), "warning"),
        ("unsynchronized", datetime(1972, 1, 1, tzinfo=UTC), "failed"),
        ("unknown", datetime(1972, 1, 1, tzinfo=UTC), "failed"),
    ],
)
def test_clock_fails_when_events_would_be_held_back(
    monkeypatch: pytest.MonkeyPatch, state: str, now: datetime, result: str
) -> None:
    monkeypatch.setattr(machine_checks, "clock_state", lambda: state)
    monkeypatch.setattr(machine_checks, "now_utc", lambda: now)
    check = machine_checks.check_clock()
    assert check.result == result
    assert ("timedatectl" in check.advice) is (result != "ok")


def test_private_files_fail_when_every_user_can_read_them(tmp_path: Path) -> None:
    key, certificate, settings = (tmp_path / name for name in ("a.key", "a.pem", "device.toml"))
    for path in (key, certificate, settings):
        path.touch(mode=0o640)
    more = {
        "mqtt.url": "mqtts://user:hunter2@h",
        "mqtt.key_file": key,
        "mqtt.cert_file": certificate,
    }
    config = config_of(**more)
    assert list(machine_checks.check_private_files(config, settings)) == []
    key.chmod(0o644)
    settings.chmod(0o644)
    checks = list(machine_checks.check_private_files(config, settings))
    assert [(one.name, one.result) for one in checks] == [("key", "failed"), ("settings", "failed")]
    assert checks[0].line.endswith(f"Run chmod o-rwx {key}")
    assert "hunter2" not in "".join(one.found + one.advice for one in checks)
