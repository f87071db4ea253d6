"""The command ``python -m edge_lambda``."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType

from edge_lambda.app import run
from edge_lambda.cli import parse_arguments
from edge_lambda.doctor import doctor
from edge_lambda.errors import CameraError, EdgeError
from edge_lambda.json_log import set_up_logging
from smile_contract import ContractError
from smile_vision.errors import VisionError

_FAILED = 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        return doctor(words[1:]) if words[:1] == ["doctor"] else _watch(words)
    except (EdgeError, VisionError, ContractError) as error:
        if sys.stderr is not None:  # print(file=None) would write to standard output
            print(f"edge_lambda: {error}".replace("\n", " "), file=sys.stderr)  # noqa: T201
        return _FAILED


def _watch(words: Sequence[str]) -> int:
    # A plain variable, because a signal handler must not take a lock.
    is_stopped = False

    def request_stop(_number: int, _frame: FrameType | None) -> None:
        nonlocal is_stopped
        is_stopped = True

    signal.signal(signal.SIGINT, request_stop)
    signal.signal(signal.SIGTERM, request_stop)
    config = parse_arguments(words)
    set_up_logging(config.log_level)
    try:
        return run(config, lambda: is_stopped)
    except CameraError:
        if is_stopped:  # the signal has interrupted the opening of a FIFO or of a slow disk
            return 0
        raise


def quit_now(code: int) -> None:
    """End the process without waiting for threads that FFmpeg or a socket may block."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except OSError:
            continue
    os._exit(code)
