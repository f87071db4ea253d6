"""A folder, an archive or a repository becomes a folder; anything else a clear message."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from training.data import source as source_module
from training.data.source import Source, open_source
from training.errors import TrainingError

WriteCrops = Callable[..., Path]


@pytest.fixture(autouse=True)
def _own_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_module, "WORK", tmp_path / "build" / "work")
    monkeypatch.setattr(source_module, "DEFAULT_DATA", tmp_path / "absent.tar.gz")


def _pictures(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*.png"))


@pytest.mark.parametrize("kind", ["gztar", "tar", "zip"])
def test_archive_is_unpacked_while_open_and_removed_afterwards(
    write_crops: WriteCrops, tmp_path: Path, kind: str
) -> None:
    data = write_crops(1, 1)
    archive = Path(shutil.make_archive(str(tmp_path / "crops"), kind, data))
    with open_source(str(archive)) as source:
        assert _pictures(source.folder) == ["1.png", "2.png"]
        assert source.beside == tmp_path
        assert source.name == archive.name
        assert source.sha256 is not None
        assert len(source.sha256) == 64
    with open_source(str(archive)) as source:
        assert len(_pictures(source.folder)) == 2
    assert list((tmp_path / "build" / "work").iterdir()) == []


@pytest.mark.parametrize("kind", ["gztar", "zip"])
@pytest.mark.parametrize("left", [0, 40, 0.6, 0.95])
def test_archive_is_rejected_when_it_is_truncated(
    write_crops: WriteCrops, tmp_path: Path, kind: str, left: float
) -> None:
    archive = Path(shutil.make_archive(str(tmp_path / "crops"), kind, write_crops(5, 5)))
    whole = archive.read_bytes()
    archive.write_bytes(whole[: int(left * len(whole)) if left < 1 else int(left)])
    with pytest.raises(TrainingError, match=archive.name), open_source(str(archive)):
        pass
    assert list((tmp_path / "build" / "work").iterdir()) == []


def test_archive_is_rejected_when_a_member_would_leave_the_folder(tmp_path: Path) -> None:
    outside = tmp_path / "note.txt"
    outside.write_text("x")
    archive = tmp_path / "evil.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(outside, arcname="../../note.txt")
    with pytest.raises(TrainingError, match=r"evil\.tar\.gz"), open_source(str(archive)):
        pass


def test_repository_is_cloned_when_a_git_url_is_given(
    write_crops: WriteCrops, tmp_path: Path
) -> None:
    data = write_crops(1, 1)
    git = ["git", "-C", str(data), "-c", "user.name=t", "-c", "user.email=t@example.org"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "data"]):
        subprocess.run([*git, *command], check=True)
    with open_source(data.as_uri()) as source:
        assert _pictures(source.folder) == ["1.png", "2.png"]
        assert source.commit is not None
        assert len(source.commit) == 40


def test_repository_is_rejected_in_one_line_when_git_cannot_reach_it(tmp_path: Path) -> None:
    url = (tmp_path / "none.git").as_uri()
    with pytest.raises(TrainingError, match="git cannot clone") as caught, open_source(url):
        pass
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (FileNotFoundError(2, "No such file", "git"), "git is not installed: give a folder"),
        (subprocess.TimeoutExpired("git", 600), "git clone took more than 600 s"),
        (subprocess.CalledProcessError(128, "git", stderr=""), "no reason given"),
        (
            subprocess.CalledProcessError(
                128,
                "git",
                stderr="a\nb\nfatal: https://ann:secret@example.org/x.git not found",
            ),
            "git cannot clone the data: fatal: https://example.org/x.git not found",
        ),
    ],
)
def test_reason_is_given_without_credentials_when_git_fails(
    monkeypatch: pytest.MonkeyPatch, error: Exception, message: str
) -> None:
    def fail(*arguments: object, **options: object) -> None:
        assert options["timeout"] == 600
        raise error

    monkeypatch.setattr(subprocess, "run", fail)
    url = "https://ann:secret@example.org/x.git"
    with pytest.raises(TrainingError, match=message) as caught, open_source(url):
        pass
    assert "secret" not in str(caught.value)


def test_git_never_asks_for_a_password_and_the_name_holds_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def run(command: list[str], **options: Any) -> subprocess.CompletedProcess[str]:
        assert options["env"]["GIT_TERMINAL_PROMPT"] == "0"
        return subprocess.CompletedProcess(command, 0, stdout="1234\n", stderr="")

    monkeypatch.setattr(subprocess, "run", run)
    with open_source("https://ann:secret@example.org/x") as source:
        assert source.name == "https://example.org/x"
        assert source.commit == "1234"


@pytest.mark.parametrize("url", ["git@example.org:a/b", "a/b.git", "ssh://host/b", "git://h/b"])
def test_url_is_recognised_in_each_form(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    done = subprocess.CompletedProcess("git", 0, stdout="1234", stderr="")
    monkeypatch.setattr(subprocess, "run", lambda *arguments, **options: done)
    with open_source(url) as source:
        assert source.commit == "1234"


def test_folder_is_used_as_it_is(write_crops: WriteCrops) -> None:
    data = write_crops(1, 1)
    with open_source(str(data)) as source:
        assert source == Source(data, "data", data)


def test_default_data_are_opened_when_none_are_named(
    write_crops: WriteCrops, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = write_crops(1, 1)
    monkeypatch.setattr(source_module, "DEFAULT_DATA", data)
    with open_source(None) as source:
        assert source.folder == data


def test_message_says_what_to_give_when_there_are_no_default_data() -> None:
    with (
        pytest.raises(TrainingError, match=r"absent\.tar\.gz.*--data.*hromi/SMILEsmileD"),
        open_source(None),
    ):
        pass


def test_message_names_the_path_when_nothing_is_there(tmp_path: Path) -> None:
    with (
        pytest.raises(TrainingError, match=r"typo': no such folder or file"),
        open_source(str(tmp_path / "typo")),
    ):
        pass


def test_file_is_rejected_when_it_is_not_an_archive(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8\xff" * 500)
    with pytest.raises(TrainingError, match="neither"), open_source(str(tmp_path / "photo.jpg")):
        pass
