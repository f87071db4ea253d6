"""A folder, an archive or a repository all become a folder; anything else a clear sentence."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from training.data import source as source_module
from training.data.source import open_source
from training.errors import TrainingError

WriteCrops = Callable[..., Path]


@pytest.fixture(autouse=True)
def _own_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_module, "WORK", tmp_path / "work")
    monkeypatch.setattr(source_module, "DEFAULT_DATA", tmp_path / "absent.tar.gz")


def _pictures(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*.png"))


@pytest.mark.parametrize("kind", ["gztar", "tar", "zip"])
def test_archive_is_unpacked_and_removed_again_when_it_was_used(
    write_crops: WriteCrops, tmp_path: Path, kind: str
) -> None:
    data = write_crops(1, 1)
    archive = Path(shutil.make_archive(str(tmp_path / "crops"), kind, data))
    with open_source(str(archive)) as source:
        assert _pictures(source.folder) == ["1.png", "2.png"]
        assert source.beside == tmp_path
        assert source.sha256 is not None
        assert len(source.sha256) == 64
    assert list((tmp_path / "work").iterdir()) == []


@pytest.mark.parametrize("kind", ["gztar", "zip"])
@pytest.mark.parametrize("left", [0, 40, 0.6, 0.95])
def test_archive_is_refused_when_it_is_truncated(
    write_crops: WriteCrops, tmp_path: Path, kind: str, left: float
) -> None:
    archive = Path(shutil.make_archive(str(tmp_path / "crops"), kind, write_crops(5, 5)))
    whole = archive.read_bytes()
    archive.write_bytes(whole[: int(left * len(whole)) if left < 1 else int(left)])
    with pytest.raises(TrainingError, match=archive.name), open_source(str(archive)):
        pass
    assert list((tmp_path / "work").iterdir()) == []


def test_archive_is_refused_when_a_member_would_leave_the_folder(tmp_path: Path) -> None:
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


def test_repository_is_refused_in_one_line_when_git_cannot_reach_it(tmp_path: Path) -> None:
    url = (tmp_path / "none.git").as_uri()
    with pytest.raises(TrainingError, match="git cannot clone") as caught, open_source(url):
        pass
    assert "\n" not in str(caught.value)


def test_message_says_what_to_give_when_there_is_no_default_data() -> None:
    with pytest.raises(TrainingError, match=r"--data.*hromi/SMILEsmileD"), open_source(None):
        pass


def test_message_names_the_path_when_nothing_is_there(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="typo"), open_source(str(tmp_path / "typo")):
        pass


def test_file_is_refused_when_it_is_no_archive(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8\xff" * 500)
    with pytest.raises(TrainingError, match="neither"), open_source(str(tmp_path / "photo.jpg")):
        pass
