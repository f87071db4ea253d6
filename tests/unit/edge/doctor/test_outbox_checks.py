"""The doctor on the disk: what it says about the outbox, and that it changes nothing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest

from edge_lambda.config import load_config
from edge_lambda.delivery import salvage
from edge_lambda.delivery.outbox import Outbox
from edge_lambda.doctor.check import Check
from edge_lambda.doctor.outbox_checks import check_outbox, check_rights, check_storage, is_in_use
from tests.helpers.disk import as_nobody, copy_of_crash, damage_page
from tests.helpers.events import smile_event
from tests.helpers.running_outbox import running_outbox


class Usage(NamedTuple):
    total: int
    used: int
    free: int


def storage(outbox: Path | None) -> dict[str, Check]:
    sinks = ("stdout",) if outbox is None else ("mqtt",)
    values = {"source": "0", "device_id": "cam-1", "sinks": sinks, "outbox.path": outbox}
    return {one.name: one for one in check_storage(load_config(None, values))}


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder of this user's own, which others can reach but not read."""
    path = Path("/var/tmp") / f"smile-doctor-{os.getpid()}"
    path.mkdir(mode=0o700)
    yield path
    shutil.rmtree(path)


@pytest.mark.parametrize(
    ("free_mb", "result"), [(10, "failed"), (100, "warning"), (200, "ok")], ids=str
)
def test_disk_needs_room_for_a_full_outbox(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, free_mb: int, result: str
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(0, 0, free_mb * 1_000_000))
    assert storage(tmp_path / "new" / "o.sqlite")["disk"].result == result


def test_disk_and_outbox_are_skipped_when_events_stay_in_memory() -> None:
    checks = storage(None)
    assert {name: one.result for name, one in checks.items()} == {
        "disk": "skipped", "outbox": "skipped"
    }  # fmt: skip


def test_outbox_is_not_created_when_it_does_not_exist(folder: Path) -> None:
    check = check_outbox(folder / "new" / "o.sqlite")
    assert check.result == "ok"
    assert list(folder.iterdir()) == []


def test_outbox_is_ok_when_the_device_uses_it(folder: Path) -> None:
    path = folder / "o.sqlite"
    with running_outbox(path):
        check = check_outbox(path)
        assert (check.result, is_in_use(path)) == ("ok", True)
        assert "the device runs" in check.found
    assert check_outbox(path).found == f"{path} can be read and written"
    assert not is_in_use(path)


def test_outbox_warns_when_other_users_can_read_it(folder: Path) -> None:
    path = folder / "o.sqlite"
    Outbox(path).close()
    path.chmod(0o644)
    (check,) = check_rights(path)
    assert (check.result, f"chmod go-rwx {path}" in check.advice) == ("warning", True)
    assert check_outbox(path).result == "ok"


@pytest.mark.parametrize("content", [None, b"not a database" * 100])
def test_nobody_is_sent_to_change_the_rights_of_shared_folders_and_other_files(
    folder: Path, content: bytes | None
) -> None:
    path = folder / "o.sqlite"
    folder.chmod(0o755)
    if content is not None:
        path.write_bytes(content)
        path.chmod(0o644)
    assert list(storage(path)) == ["disk", "outbox"]


def test_outbox_fails_when_its_folder_is_a_file(folder: Path) -> None:
    (folder / "file").touch()
    check = check_outbox(folder / "file" / "new" / "o.sqlite")
    assert (check.result, "file is not a folder" in check.found) == ("failed", True)


def test_advice_names_a_disk_that_is_read_only(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_, **_more: False)
    read_only = os.statvfs_result([0] * 8 + [os.ST_RDONLY, 255])
    monkeypatch.setattr(os, "statvfs", lambda _path: read_only)
    check = check_outbox(folder / "o.sqlite")
    assert (check.result, "mount the disk for writing" in check.advice) == ("failed", True)


def test_outbox_warns_when_it_is_damaged_and_leaves_it_as_it_is(folder: Path) -> None:
    path = folder / "o.sqlite"
    path.write_bytes(os.urandom(8192))
    path.chmod(0o600)
    check = check_outbox(path)
    assert (check.result, [one.name for one in folder.iterdir()]) == ("warning", ["o.sqlite"])


def test_outbox_fails_when_the_path_is_another_file(folder: Path) -> None:
    path = folder / "video.mp4"
    path.write_bytes(b"not a database at all" * 100)
    path.chmod(0o644)  # its rights do not hide that it is the wrong file
    check = check_outbox(path)
    assert (check.result, check.advice) == ("failed", "set outbox.path to another file")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_outbox_fails_when_the_folder_is_not_writable(folder: Path) -> None:
    folder.chmod(0o555)
    folder.chmod(0o500)
    os.chown(folder, 65534, 65534)
    with as_nobody():
        check = check_outbox(folder / "o.sqlite")
    assert check.result == "failed"
    assert "cannot be created" in check.found


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_outbox_fails_when_root_asks_for_another_users_outbox(folder: Path) -> None:
    os.chown(folder, 65534, 65534)
    check = check_outbox(folder / "o.sqlite")
    assert check.result == "failed"
    assert "runuser -u nobody" in check.advice


def state_of(folder: Path) -> dict[str, tuple[object, ...]]:
    """Return all that can be seen of a folder and its files."""
    files = [folder, *folder.iterdir()]
    return {
        one.name: (
            one.stat().st_mode, one.stat().st_mtime_ns, one.stat().st_ctime_ns,
            one.read_bytes() if one.is_file() else None,
        )
        for one in files
    }  # fmt: skip


@pytest.fixture(params=["new", "stopped", "killed", "damaged", "foreign"])
def outbox(request: pytest.FixtureRequest, folder: Path, tmp_path: Path) -> Path:
    """An outbox in each state; others can read all of them."""
    path = folder / "o.sqlite"
    if request.param != "new":
        with closing(Outbox(tmp_path / path.name)) as source:
            for _ in range(40):
                source.put(smile_event())
            if request.param == "killed":
                copy_of_crash(tmp_path / path.name, folder)
                assert path.with_name("o.sqlite-wal").stat().st_size
        if request.param != "killed":
            shutil.copy(tmp_path / path.name, path)
    if request.param == "damaged":
        damage_page(path, 2)
    if request.param == "foreign":
        path.write_bytes(b"SQLite format 3\0" + b"x" * 5000)
    for file in folder.iterdir():
        file.chmod(0o644)
    return path


@pytest.mark.parametrize("mode", [0o755, 0o555])
def test_checks_change_nothing(outbox: Path, mode: int) -> None:
    outbox.parent.chmod(mode)
    before = state_of(outbox.parent)
    storage(outbox)
    is_in_use(outbox)
    assert state_of(outbox.parent) == before


def test_events_in_the_log_of_a_killed_device_are_checked_too(folder: Path, tmp_path: Path) -> None:
    with closing(Outbox(tmp_path / "o.sqlite")) as killed:
        killed.put(smile_event())
        path = copy_of_crash(tmp_path / "o.sqlite", folder)
    assert check_outbox(path).result == "ok"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize(
    ("mode", "found"), [(0o400, "cannot be written"), (0, "permission denied")]
)
def test_outbox_fails_when_its_file_has_no_rights(folder: Path, mode: int, found: str) -> None:
    path = folder / "o.sqlite"
    os.chown(folder, 65534, 65534)
    with as_nobody():
        Outbox(path).close()
        path.chmod(mode)
        before = path.stat()
        check = check_outbox(path)
        assert path.stat() == before
    assert check.result == "failed"
    assert found in check.found.lower()
    assert f"let nobody write {path}" in check.advice


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_outbox_fails_when_its_folder_cannot_be_entered(folder: Path) -> None:
    inner = folder / "state"
    inner.mkdir()
    folder.chmod(0o700)
    with as_nobody():
        check = storage(inner / "o.sqlite")["outbox"]
    assert (check.result, "permission denied" in check.found) == ("failed", True)


def test_copy_goes_to_another_disk_when_memory_is_full(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder / "o.sqlite"
    Outbox(path).close()
    monkeypatch.setattr(salvage, "_MEMORY_DISK", folder / "none")
    assert check_outbox(path).result == "ok"
