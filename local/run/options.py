"""The command line of ``python -m local``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from local.command_line import DEFAULT_TEMPLATE, Parser, port
from local.errors import StartError
from smile_contract import is_device_id

DEFAULT_CLIP = Path(__file__).resolve().parents[1] / "clip" / "smiles.mp4"
DEFAULT_PORT = 8000
_MAX_RETRY_DELAY_S = 3600


@dataclass
class Options:
    """What the user asked for; the help texts below describe it."""

    source: str = str(DEFAULT_CLIP)
    once: bool = False
    loop: bool = False
    no_edge: bool = False
    device_id: str = "cam-1"
    port: int | None = None
    api_key: str | None = None
    template: Path = DEFAULT_TEMPLATE
    parameters: list[tuple[str, str]] = field(default_factory=list)
    broker: str = "auto"
    mqtt_port: int | None = None
    aws_port: int | None = None
    retry_delay_s: float = 1.0
    keep: Path | None = None
    schedule_s: float | None = None
    logs: Path | None = None
    edge_arguments: tuple[str, ...] = ()

    @property
    def source_file(self) -> Path | None:
        """The video file to play; None for cameras and streams, and without an edge."""
        live = self.source.isdecimal() or "://" in self.source or self.source.startswith("/dev/")
        return None if live or self.no_edge else Path(self.source)


def parse_options(argv: Sequence[str]) -> Options:
    """Read the command line.

    Raises
    ------
    StartError
        When it is wrong.
    SystemExit
        After ``--help``.
    """
    cut = argv.index("--") if "--" in argv else len(argv)
    options = Options(edge_arguments=tuple(argv[cut + 1 :]))
    _parser().parse_args(argv[:cut], namespace=options)
    if options.once and options.loop:
        raise StartError("--loop cannot be combined with --once")
    if options.no_edge and (options.once or options.edge_arguments):
        raise StartError("--no-edge cannot be combined with --once or with arguments for the edge")
    ports = [one for one in (options.port, options.mqtt_port, options.aws_port) if one is not None]
    if len(set(ports)) < len(ports):
        raise StartError("--port, --mqtt-port and --aws-port: expected different ports")
    if not is_device_id(options.device_id):
        raise StartError("--device-id: expected 1 to 128 letters, digits, ':', '_' or '-'")
    if options.source_file is not None and not options.source_file.is_file():
        raise StartError(f"--source: video not found: {options.source}")
    return options


def _parser() -> Parser:
    parser = Parser(
        prog="python -m local",
        description="Run everything on this machine: MQTT broker, IoT rule, functions, table and "
        "REST API from template.yaml, and an edge that plays a clip or watches a camera.",
        epilog="Arguments after -- go to the edge: python -m local --source 0 -- --min-face-px 30",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--source", help="video file, camera number (0) or rtsp:// URL; default: the bundled clip")
    add(
        "--once",
        action="store_true",
        help="stop after the clip; exit code 1 unless every event is stored",
    )
    add("--loop", action="store_true", help="play a video file again when it ends")
    add("--no-edge", action="store_true", help="start no edge: you publish to the broker yourself")
    add("--device-id", help="name of the camera; default: cam-1")
    add("--port", type=port, help="port of the REST API; default: 8000 or the next free one")
    add(
        "--api-key",
        type=_api_key,
        help="secret part of the API keys, as in read_TEXT; default: the kept or a new one",
    )
    add("--template", type=Path, help="template to run; default: template.yaml")
    add(
        "--parameter",
        dest="parameters",
        type=_assignment,
        action="append",
        metavar="NAME=VALUE",
        help="value of a template parameter, such as AlertCooldownSeconds=10; may be repeated",
    )
    add(
        "--broker",
        choices=("auto", "mosquitto", "amqtt"),
        help="MQTT broker; default: auto, which is mosquitto if it is installed",
    )
    add("--mqtt-port", type=port, help="port of the MQTT broker; default: a free one")
    add("--aws-port", type=port, help="port of the AWS server (MiniStack); default: a free one")
    add(
        "--retry-delay-s",
        type=_seconds,
        help="when a message that a function failed with comes back (AWS: minutes); default: 1",
    )
    add(
        "--keep",
        type=Path,
        metavar="FOLDER",
        help="keep the data in this folder from run to run; default: every run starts empty",
    )
    add(
        "--schedule-s",
        type=_positive_seconds,
        help="time between two runs of each scheduled function; default: as the template says",
    )
    add(
        "--logs",
        type=Path,
        metavar="FOLDER",
        help="keep the logs of broker, AWS server and functions",
    )
    return parser


def _api_key(text: str) -> str:
    if not text.isascii() or not text.isalnum():
        raise argparse.ArgumentTypeError("expected ASCII letters and digits")
    return text


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= _MAX_RETRY_DELAY_S:
        raise argparse.ArgumentTypeError(f"{text!r}: expected 0 to {_MAX_RETRY_DELAY_S}")
    return seconds


def _positive_seconds(text: str) -> float:
    seconds = _seconds(text)
    if not seconds:
        raise argparse.ArgumentTypeError("expected more than 0")
    return seconds


def _assignment(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise argparse.ArgumentTypeError(f"{text!r}: expected NAME=VALUE")
    return name, value
