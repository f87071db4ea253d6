"""Open the data that the user names: a folder, a tar or zip archive, or a git URL."""

from __future__ import annotations

import os
import re
import subprocess
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from training.errors import TrainingError
from training.workspace import DEFAULT_DATA, WORK, display_path, sha256_of_file

__all__ = ["Source", "open_source"]

PUBLIC_REPOSITORY = "hromi/SMILEsmileD"
GIT_TIMEOUT_S = 600
_GIT_URL = re.compile(r"^(https?|git|ssh|file)://|^[\w.-]+@[\w.-]+:|\.git$")
_ARCHIVE_ERRORS = (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, OSError)


@dataclass(frozen=True)
class Source:
    """Data that can be read as a folder.

    Attributes
    ----------
    folder
        The content; valid while the source is open.
    name
        What the user gave, without the folders of this machine.
    beside
        Where to look for files that accompany the data.
    sha256
        Of the archive's bytes; None for a folder or a repository.
    commit
        Of the git repository; None otherwise.
    """

    folder: Path
    name: str
    beside: Path
    sha256: str | None = None
    commit: str | None = None


@contextmanager
def open_source(data: str | None) -> Iterator[Source]:
    """Make the data readable as a folder; delete temporary files afterwards.

    Parameters
    ----------
    data
        Folder, ``.tar.gz``/``.tar``/``.zip`` archive, or git URL; None: `DEFAULT_DATA`.

    Yields
    ------
    Source
        The data as a folder.

    Raises
    ------
    TrainingError
        When the data cannot be read; the message says what is expected.
    """
    if data is None and not DEFAULT_DATA.exists():
        raise TrainingError(
            f"no data in {display_path(DEFAULT_DATA)}: put it there, or give --data (DATA=… with"
            " make): a folder, a tar.gz or zip archive, or a git URL of SMILEsmileD, the public"
            f" repository {PUBLIC_REPOSITORY}"
        )
    path = Path(data).expanduser() if data is not None else DEFAULT_DATA
    if path.is_dir():
        yield Source(path, path.resolve().name, path)
        return
    WORK.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="source-", dir=WORK) as unpacked:
        folder = Path(unpacked)
        if path.is_file():
            _unpack(path, folder)
            yield Source(folder, path.name, path.resolve().parent, sha256_of_file(path))
        elif data is not None and _GIT_URL.search(data):
            commit = _clone(data, folder)
            yield Source(folder, _without_credentials(data), folder, commit=commit)
        else:
            raise TrainingError(
                f"data {data!r}: no such folder or file, and not a git URL"
                " (https://…, git@…:… or ending in .git)"
            )


def _unpack(archive: Path, folder: Path) -> None:
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as opened_zip:
                opened_zip.extractall(folder)  # noqa: S202 - zipfile drops ".." and drives
        elif tarfile.is_tarfile(archive):
            with tarfile.open(archive) as opened_tar:
                opened_tar.extractall(folder, filter="data")
        else:
            raise TrainingError(f"{archive.name} is neither a tar (.tar.gz) nor a zip archive")
    except _ARCHIVE_ERRORS as error:
        raise TrainingError(
            f"archive {archive.name} is truncated or damaged ({error}): download it again"
        ) from error


def _clone(url: str, folder: Path) -> str:
    try:
        _git("clone", "--quiet", "--depth", "1", "--", url, str(folder))
        return _git("-C", str(folder), "rev-parse", "HEAD").strip()
    except FileNotFoundError as error:
        raise TrainingError("git is not installed: give a folder or an archive") from error
    except subprocess.TimeoutExpired as error:
        raise TrainingError(f"git clone took more than {GIT_TIMEOUT_S} s: try again") from error
    except subprocess.CalledProcessError as error:
        last = (error.stderr or "").strip().splitlines()[-1:] or ["no reason given"]
        reason = _without_credentials(last[0])
        raise TrainingError(f"git cannot clone the data: {reason}") from error


def _git(*arguments: str) -> str:
    without_prompt = {**os.environ, "GIT_TERMINAL_PROMPT": "0"}
    result = subprocess.run(
        ["git", *arguments],
        check=True,
        capture_output=True,
        text=True,
        timeout=GIT_TIMEOUT_S,
        env=without_prompt,
    )
    return result.stdout


def _without_credentials(url: str) -> str:
    return re.sub(r"(?<=//)[^/@]*@", "", url)
