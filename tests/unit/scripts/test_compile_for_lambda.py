"""``scripts/compile_for_lambda``: which Python it takes, and what it says when there is none."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[3] / "scripts" / "compile_for_lambda"
RUNNING = f"3.{sys.version_info.minor}"
Compile = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def compile_for_lambda(tmp_path: Path) -> Compile:
    """Run the script in a repository without environments, and a machine without Pythons."""
    programs, copy = tmp_path / "bin", tmp_path / "scripts" / SCRIPT.name
    programs.mkdir()
    for name in ("bash", "dirname", "env"):
        (programs / name).symlink_to(str(shutil.which(name)))
    copy.parent.mkdir()
    shutil.copy(SCRIPT, copy)

    def run(folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": str(programs), "HOME": str(tmp_path / "home"), **variables}
        command = [str(copy), str(folder), "/opt"]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    return run


@pytest.fixture
def code(tmp_path: Path) -> Path:
    folder = tmp_path / "code"
    folder.mkdir()
    (folder / "module.py").write_text("ANSWER = 42\n")
    return folder


def python(path: Path, version: str) -> Path:
    """Make a Python that says it is `version`, and otherwise is this one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    run = f'[ "$1" = -c ] && echo {version} || exec "{sys.executable}" "$@"'
    path.write_text(f"#!{shutil.which('sh')}\n{run}\n")
    path.chmod(0o755)
    return path


def compiled(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*.pyc"))


BYTECODE = [f"module.{sys.implementation.cache_tag}.pyc"]


@pytest.mark.parametrize(
    "place",
    [
        "bin/python3.13",
        "bin/python3",
        ".venv/bin/python",
        ".venv-sam/bin/python",
        "home/.pyenv/versions/3.13.5/bin/python",
        "home/.local/share/uv/python/cpython-3.13.5-linux/bin/python3.13",
    ],
)
def test_the_python_of_the_runtime_is_found(
    compile_for_lambda: Compile, code: Path, tmp_path: Path, place: str
) -> None:
    python(tmp_path / "bin" / "python3", "3.9")
    python(tmp_path / place, "3.13")
    done = compile_for_lambda(code)
    assert (done.returncode, done.stderr, compiled(code)) == (0, "", BYTECODE)


def test_the_build_fails_when_no_python_of_the_runtime_is_found(
    compile_for_lambda: Compile, code: Path, tmp_path: Path
) -> None:
    python(tmp_path / "bin" / "python3.13", "3.12")
    done = compile_for_lambda(code, UV_PYTHON_INSTALL_DIR=str(tmp_path / "none"))
    assert done.returncode == 1
    assert done.stderr.startswith("sam build: Python 3.13, which compiles the code for Lambda")
    assert "NO_BYTECODE=1" in done.stderr
    assert compiled(code) == []


def test_the_build_fails_when_lambda_python_has_another_version(
    compile_for_lambda: Compile, code: Path, tmp_path: Path
) -> None:
    python(tmp_path / "bin" / "python3.13", "3.13")
    wrong = python(tmp_path / "other" / "python", "3.12")
    done = compile_for_lambda(code, LAMBDA_PYTHON=str(wrong))
    assert done.returncode == 1
    assert done.stderr == f"sam build: LAMBDA_PYTHON={wrong}: expected a Python 3.13\n"


def test_nothing_is_compiled_when_bytecode_is_switched_off(
    compile_for_lambda: Compile, code: Path
) -> None:
    assert compile_for_lambda(code, NO_BYTECODE="1").returncode == 0
    assert compiled(code) == []


def test_the_bytecode_is_the_same_in_another_folder_at_another_time(
    compile_for_lambda: Compile, code: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    shutil.copytree(code, other)
    os.utime(other / "module.py", (1, 1))
    contents = []
    for folder in (code, other):
        settings = {"LAMBDA_PYTHON": sys.executable, "LAMBDA_VERSION": RUNNING}
        assert compile_for_lambda(folder, **settings).returncode == 0
        contents += [path.read_bytes() for path in folder.rglob("*.pyc")]
    assert contents[0] == contents[1]
    assert b"/opt/module.py" in contents[0]
