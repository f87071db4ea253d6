"""``scripts/environment`` makes environments, repairs broken ones, and fails in one sentence."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
DEBIAN_WITHOUT_VENV = """#!/bin/sh
if [ "$2" = venv ]; then
    mkdir -p "$3/bin"
    ln -s "$(command -v python3)" "$3/bin/python"
    echo "The virtual environment was not created successfully because ensurepip is not"
    exit 1
fi
exec python3 "$@"
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a folder with the Makefile and the script, and an empty list of requirements."""
    folder = tmp_path / "project"
    (folder / "scripts").mkdir(parents=True)
    (folder / "requirements").mkdir()
    shutil.copy(ROOT / "Makefile", folder)
    shutil.copy(ROOT / "scripts/environment", folder / "scripts")
    (folder / "requirements/sam.txt").write_text("")
    return folder


def environment(
    project: Path, *arguments: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    return run(project, "scripts/environment", ".venv-sam", *arguments, **variables)


def make(project: Path) -> str:
    """Set up the environment as the user does; return what is printed."""
    done = run(project, "make", "--silent", f"PYTHON={sys.executable}", ".venv-sam/.done")
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def run(project: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHON": sys.executable, **variables},
    )


def test_a_missing_venv_package_leaves_nothing_behind(project: Path, tmp_path: Path) -> None:
    python = tmp_path / "python-of-debian"
    python.write_text(DEBIAN_WITHOUT_VENV)
    python.chmod(0o755)
    failed = environment(project, PYTHON=str(python))
    assert failed.returncode == 1
    assert "apt install python3-venv" in failed.stderr.splitlines()[-1]
    assert not (project / ".venv-sam").exists()


def test_an_old_python_is_refused_before_anything_is_made(project: Path, tmp_path: Path) -> None:
    python = tmp_path / "python3.9"
    python.write_text("#!/bin/sh\nexit 1\n")
    python.chmod(0o755)
    failed = environment(project, PYTHON=str(python))
    assert failed.returncode == 1
    assert failed.stderr.startswith("Python 3.11 or newer is required")
    assert not (project / ".venv-sam").exists()


def test_an_unreachable_index_is_one_sentence(project: Path) -> None:
    (project / "list.txt").write_text(f"missing-package==1.0 --hash=sha256:{'0' * 64}\n")
    failed = environment(
        project,
        "list.txt",
        PIP_CONFIG_FILE="/dev/null",
        PIP_INDEX_URL="http://127.0.0.1:9/simple",
        PIP_RETRIES="1",
    )
    assert failed.returncode == 1
    assert failed.stderr.splitlines()[1:] == [
        ".venv-sam: pip finds no packages: check the network, or set PIP_INDEX_URL to an index "
        "that this machine reaches; then run the same command again"
    ]


def test_other_failures_of_pip_are_shown_and_kept(project: Path) -> None:
    (project / "list.txt").write_text("== no requirement ==\n")
    failed = environment(project, "list.txt")
    assert failed.returncode == 1
    assert "Invalid requirement" in failed.stderr
    assert failed.stderr.splitlines()[-1] == ".venv-sam is not complete: pip failed, see above"
    assert "Invalid requirement" in (project / ".venv-sam/install.log").read_text()


def test_make_sets_up_an_environment_once(project: Path) -> None:
    assert "setting up .venv-sam" in make(project)
    assert make(project) == ""


def test_make_sets_up_a_half_made_environment_again(project: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", project / ".venv-sam"], check=True
    )
    (project / ".venv-sam/.checkout").write_text(f"{project}\n")
    (project / ".venv-sam/.done").touch()
    assert "setting up .venv-sam" in make(project)
    assert (project / ".venv-sam/bin/pip").exists()


def test_make_sets_up_the_environment_of_a_moved_project_again(project: Path) -> None:
    make(project)
    moved = project.rename(project.with_name("moved"))
    assert "setting up .venv-sam" in make(moved)
    assert str(moved) in (moved / ".venv-sam/bin/pip").read_text().splitlines()[0]


def test_make_leaves_a_linked_environment_alone(project: Path, tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (project / ".venv-sam").symlink_to(tmp_path / "shared")
    (tmp_path / "shared/.done").touch()
    assert make(project) == ""


@pytest.mark.parametrize(
    ("command", "variable"),
    [
        ("deploy", "STAGE"),
        ("undeploy", "STAGE"),
        ("redrive", "STAGE"),
        ("device", "NAME"),
        ("device-remove", "NAME"),
        ("edge-package", "ARCH"),
    ],
)
def test_a_missing_variable_is_named_before_anything_is_installed(
    project: Path, command: str, variable: str
) -> None:
    failed = run(project, "make", command)
    assert failed.returncode == 2
    assert failed.stderr.startswith(f"{command}: set {variable}, such as {variable}=")
    assert not (project / ".venv").exists()
