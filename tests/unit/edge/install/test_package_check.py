"""Whether a device package says in one sentence that it does not fit."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest

from edge_lambda import package_check
from edge_lambda.package_check import find_problem


@pytest.fixture
def built_for(tmp_path: Path) -> Path:
    path = tmp_path / "built_for.json"
    path.write_text(json.dumps({"machine": "aarch64", "python": "3.11"}))
    return path


@pytest.mark.parametrize(
    ("python", "machine", "glibc", "problem"),
    [
        ((3, 11), "aarch64", "2.28", ""),
        ((3, 11), "aarch64", "2.100", ""),
        (
            (3, 13),
            "aarch64",
            "2.41",
            "this package is for Python 3.11, this is Python 3.13: build it with make edge-package "
            "ARCH=arm64 PYTHON_VERSION=3.13",
        ),
        (
            (3, 9),
            "aarch64",
            "2.31",
            "this package is for Python 3.11, this is Python 3.9: install Python 3.11 or newer",
        ),
        (
            (3, 11),
            "x86_64",
            "2.36",
            "this package is for aarch64, this machine is x86_64: build it with make edge-package "
            "ARCH=x86_64 PYTHON_VERSION=3.11",
        ),
        (
            (3, 11),
            "armv7l",
            "2.36",
            "this package is for aarch64, this machine is armv7l: expected a 64-bit system on "
            "arm64 or x86_64",
        ),
        (
            (3, 11),
            "aarch64",
            "2.27",
            "this package needs glibc 2.28 (Debian 10, Ubuntu 18.10) or newer, this is 2.27",
        ),
    ],
)
def test_problem_is_named_with_what_to_do(
    built_for: Path, python: tuple[int, int], machine: str, glibc: str, problem: str
) -> None:
    assert find_problem(built_for, python=python, machine=machine, glibc=glibc) == problem


def test_system_without_glibc_is_named(built_for: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package_check, "_glibc", lambda: "")
    problem = find_problem(built_for, python=(3, 11), machine="aarch64")
    assert problem == "this package needs Linux with glibc, such as Debian or Ubuntu"


def test_checkout_needs_only_a_new_python(tmp_path: Path) -> None:
    missing = tmp_path / "built_for.json"
    assert find_problem(missing, python=(3, 11), machine="riscv64") == ""
    problem = find_problem(missing, python=(3, 9))
    assert problem == "this program needs Python 3.11 or newer, this is Python 3.9"


@pytest.mark.parametrize("name", ["__init__", "__main__", "package_check"])
def test_old_pythons_can_read_what_runs_before_the_check(name: str) -> None:
    text = Path(package_check.__file__).with_name(f"{name}.py").read_text("utf-8")
    ast.parse(text, feature_version=(3, 7))


def test_oldest_glibc_is_that_of_the_wheels() -> None:
    script = (Path(package_check.__file__).parents[1] / "scripts" / "edge_package").read_text()
    tags = {
        (int(major), int(minor)) for major, minor in re.findall(r"manylinux_(\d+)_(\d+)", script)
    }
    assert max(tags) == package_check._OLDEST_GLIBC


def test_32_bit_system_on_a_64_bit_kernel_is_named(
    built_for: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(package_check.platform, "machine", lambda: "aarch64")
    monkeypatch.setattr(package_check.sys, "maxsize", 2**31 - 1)
    assert find_problem(built_for, python=(3, 11)) == (
        "this package is for aarch64, this machine is aarch64 with a 32-bit system: expected a "
        "64-bit system on arm64 or x86_64"
    )
