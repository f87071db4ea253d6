"""Work files survive a kill, and a missing or damaged file names the command to run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from training.errors import TrainingError
from training.workspace import (
    REPOSITORY,
    display_path,
    read_json,
    sha256_of_file,
    write_atomically,
    write_json,
)


def test_json_is_the_same_when_written_and_read_again(tmp_path: Path) -> None:
    write_json(tmp_path / "new folder" / "a.json", {"b": [1, 2]})
    assert read_json(tmp_path / "new folder" / "a.json", made_by="it") == {"b": [1, 2]}
    assert (
        tmp_path / "new folder" / "a.json"
    ).read_text() == '{\n  "b": [\n    1,\n    2\n  ]\n}\n'


def test_old_content_stays_when_writing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.json"
    write_atomically(path, b"old")

    def fail(self: Path, content: bytes) -> int:
        with self.open("wb") as file:
            file.write(content[:1])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", fail)
    with pytest.raises(OSError, match="No space"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "a.json is missing: run make it first"),
        (b"{", "a.json is damaged: run make it again"),
        (b"[1]", "a.json is damaged: run make it again"),
    ],
)
def test_command_to_run_is_named_when_a_file_cannot_be_read(
    tmp_path: Path, content: bytes | None, message: str
) -> None:
    if content is not None:
        (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(TrainingError, match=message):
        read_json(tmp_path / "a.json", made_by="make it")


def test_path_is_shown_without_the_folders_of_this_machine(tmp_path: Path) -> None:
    assert display_path(REPOSITORY / "build" / "a.npz") == str(Path("build", "a.npz"))
    assert display_path(tmp_path / "a.npz") == "a.npz"


def test_checksum_is_the_sha256_of_the_bytes(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert sha256_of_file(tmp_path / "a").startswith("ba7816bf8f01cfea414140de5dae2223")


@pytest.mark.parametrize("given", [None, "", "/somewhere/faces.tar.gz"])
def test_default_data_are_those_of_the_environment_or_in_the_repository(given: str | None) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "SMILE_DATA"}
    if given is not None:
        environment["SMILE_DATA"] = given
    program = "import training.data.photos as p; print(p.DEFAULT_DATA); print(p.DEFAULT_PHOTOS)"
    shown = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    data = Path(given) if given else REPOSITORY / "data" / "SMILEsmileD.tar.gz"
    assert shown == [str(data), str(data.parent / "photos-dev.tar.gz")]
