"""A signal ends the command while it opens its source."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_lambda.command import main


@pytest.fixture
def stop_signals() -> Iterator[None]:
    """Send SIGTERM to the main thread again and again, because one may come too early."""
    before = {one: signal.getsignal(one) for one in (signal.SIGTERM, signal.SIGINT)}
    signal.signal(signal.SIGTERM, lambda *_: None)
    main_thread = threading.main_thread().ident
    assert main_thread is not None
    is_over = threading.Event()

    def send() -> None:
        while not is_over.wait(0.05):
            signal.pthread_kill(main_thread, signal.SIGTERM)

    sender = threading.Thread(target=send)
    sender.start()
    yield
    is_over.set()
    sender.join()
    for one, handler in before.items():
        signal.signal(one, handler)


@pytest.fixture
def package_log() -> Iterator[None]:
    """Undo what the command does to the log."""
    log = logging.getLogger("edge_lambda")
    before = log.handlers[:], log.propagate, log.level
    yield
    log.handlers[:], log.propagate = before[:2]
    log.setLevel(before[2])


@pytest.mark.usefixtures("package_log", "stop_signals")
def test_signal_ends_it_while_it_waits_for_the_writer_of_a_fifo(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo(tmp_path / "video")
    assert main(["--source", str(tmp_path / "video"), "--device-id", "cam-1"]) == 0
    assert "edge_lambda:" not in capfd.readouterr().err
