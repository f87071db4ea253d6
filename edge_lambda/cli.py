"""Flags of ``python -m edge_lambda``."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from edge_lambda.config import EdgeConfig, as_time, load_config
from edge_lambda.errors import ConfigError

_EPILOG = """\
Every setting can also stand in the TOML file given with --config (docs/edge.md); flags win.
Events go to standard output as JSON lines, logs to standard error.
exit codes: 0 done or stopped, 2 cannot start or go on, 3 events were lost or stay in the outbox
"""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise ConfigError(message)


def parse_arguments(argv: Sequence[str] | None = None) -> EdgeConfig:
    """Return the configuration that flags and file make together.

    Raises
    ------
    ConfigError
        Names the flag or key.
    """
    given = vars(_parser().parse_args(argv))
    path: Path | None = given.pop("config", None)
    # Not a flag: everybody on the machine can read a command line.
    if os.environ.get("SMILE_STREAM_TOKEN"):
        given["stream.token"] = os.environ["SMILE_STREAM_TOKEN"]
    return load_config(path, given)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m edge_lambda",
        description="Watch a video, webcam or stream and tell when somebody smiles.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        argument_default=argparse.SUPPRESS,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--config", type=Path, metavar="EDGE.TOML", help="settings file")
    add("--source", help="video file, webcam (0, /dev/video0) or stream (rtsp://…)")
    add("--device-id", help="name of this device: a-z A-Z 0-9 : _ - (default: the host's)")
    add(
        "--sink",
        action="append",
        dest="sinks",
        choices=("stdout", "mqtt", "greengrass"),
        help="where events go; may be given twice (default: stdout)",
    )
    add(
        "--start-time",
        dest="camera.start_time",
        type=as_time,
        metavar="TIME",
        help="time of a file's first frame, such as 2026-01-01T00:00:00Z (default: now)",
    )
    add(
        "--realtime",
        dest="camera.realtime",
        action="store_true",
        help="play a file at its own speed",
    )
    add(
        "--detector",
        dest="vision.detector",
        choices=("short", "full", "back"),
        help="face detector (default: full)",
    )
    add(
        "--detect-every",
        dest="vision.detect_every",
        type=int,
        metavar="N",
        help="search for faces every N frames (default: 1)",
    )
    add(
        "--threshold-on",
        dest="smile.threshold_on",
        type=float,
        metavar="SCORE",
        help="a smile starts at this score (default: the model card's)",
    )
    add(
        "--threshold-off",
        dest="smile.threshold_off",
        type=float,
        metavar="SCORE",
        help="a smile ends below this score (default: the model card's)",
    )
    add(
        "--min-duration-ms",
        dest="smile.min_duration_ms",
        type=float,
        metavar="MS",
        help="leave out shorter smiles (default: 500)",
    )
    add(
        "--max-gap-ms",
        dest="smile.max_gap_ms",
        type=float,
        metavar="MS",
        help="a shorter break does not end a smile (default: 500)",
    )
    add(
        "--outbox",
        dest="outbox.path",
        type=Path,
        metavar="PATH",
        help="file in which events wait for the broker",
    )
    add(
        "--mqtt-url",
        dest="mqtt.url",
        metavar="URL",
        help="mqtt[s]://[user:password@]host[:port] (default: mqtt://127.0.0.1:1883)",
    )
    add("--mqtt-ca", dest="mqtt.ca_file", type=Path, metavar="PEM", help="authorities to trust")
    add("--mqtt-cert", dest="mqtt.cert_file", type=Path, metavar="PEM", help="certificate")
    add("--mqtt-key", dest="mqtt.key_file", type=Path, metavar="PEM", help="private key")
    add(
        "--stream",
        dest="stream.address",
        metavar="HOST:PORT",
        help="watch annotated frames there with a browser, such as 127.0.0.1:8080",
    )
    add(
        "--stream-fifo",
        dest="stream.fifo",
        type=Path,
        metavar="PATH",
        help="the same pictures through a FIFO, such as /tmp/results.mjpeg",
    )
    add(
        "--drain-timeout-s",
        type=float,
        metavar="S",
        help="at the end of a file, wait so long for the broker (default: 10)",
    )
    add("--progress", action="store_true", help="log the position twice a second")
    add("--log-level", choices=("debug", "info", "warning", "error"), help="default: info")
    return parser
