"""``.ci/run``: the checks that it runs, and the programs for the tests that need them."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
CI = Callable[..., tuple[subprocess.CompletedProcess[str], list[str]]]


@pytest.fixture
def run_ci(tmp_path: Path) -> CI:
    """Run ``.ci/run`` with programs that only record how they are called."""
    for name in (".ci/run", "scripts/install_mosquitto", "scripts/install_chromium"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)

    def run(uid: int, **statuses: int) -> tuple[subprocess.CompletedProcess[str], list[str]]:
        programs = tmp_path / "bin"
        programs.mkdir()
        for name in ("make", "apt-get", "systemctl", "id", *statuses):
            status = statuses.get(name.replace("-", "_"), 0)
            output = str(uid) if name == "id" else ""
            (programs / name).write_text(
                f'#!/bin/sh\necho "{name} $*" >> "{tmp_path}/calls"\necho {output}\nexit {status}\n'
            )
            (programs / name).chmod(0o755)
        for name in ("bash", "dirname", "sh", "env"):  # and so no real programs
            (programs / name).symlink_to(str(shutil.which(name)))
        done = subprocess.run(
            [str(tmp_path / ".ci" / "run")],
            env={"PATH": str(programs)},
            capture_output=True,
            text=True,
            check=False,
        )
        return done, (tmp_path / "calls").read_text().splitlines()

    return run


def test_every_check_runs_after_the_programs_are_installed(run_ci: CI) -> None:
    done, calls = run_ci(uid=0)
    assert done.returncode == 0, done.stderr
    assert calls == [
        "id -u",
        "apt-get update -q",
        "apt-get install -qy --no-install-recommends mosquitto",
        "systemctl disable --now mosquitto",
        "apt-get update -q",
        "apt-get install -qy --no-install-recommends chromium",
        "make lint",
        "make lint-workflows",
        "make checkov",
        "make test",
    ]
    assert "```sh\nmake test\n```" in (ROOT / "README.md").read_text("utf-8")


def test_checks_run_without_the_programs_when_they_cannot_be_installed(run_ci: CI) -> None:
    done, calls = run_ci(uid=0, apt_get=100)
    assert done.returncode == 0
    assert "ci: mosquitto cannot be installed, the tests that need it are skipped" in done.stderr
    assert "ci: chromium cannot be installed, the tests of the dashboard are skipped" in done.stderr
    assert calls[-1] == "make test"


def test_nothing_is_installed_without_root(run_ci: CI) -> None:
    assert run_ci(uid=1000)[1][1] == "make lint"


def test_nothing_is_installed_when_the_programs_exist(run_ci: CI) -> None:
    assert run_ci(uid=0, mosquitto=0, chromium=0)[1][1] == "make lint"


def test_ci_fails_when_a_check_fails(run_ci: CI) -> None:
    done, calls = run_ci(uid=1000, make=2)
    assert done.returncode == 2
    assert calls[1:] == ["make lint"]
