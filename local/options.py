"""The command line of ``python -m local``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from local.errors import StartError
from smile_contract import is_device_id

PACKAGE_FOLDER = Path(__file__).resolve().parent
DEFAULT_CLIP = PACKAGE_FOLDER / "clip" / "smiles.mp4"
DEFAULT_TEMPLATE = PACKAGE_FOLDER.parent / "template.yaml"
DEFAULT_PORT = 8000
_MAX_PORT = 65535


@dataclass(frozen=True)
class Options:
    """What the user asked for.

    Attributes
    ----------
    source : str or None
        Video file, camera number or stream; None serves without an edge.
    once : bool
        Check and end after the clip.
    port : int or None
        The API's port; None takes 8000 or the next free one.
    device_id : str
        The camera's name.
    template : Path
        What to run.
    parameters : dict of str to str
        Values for the template's parameters.
    broker : str
        ``auto``, ``mosquitto`` or ``amqtt``.
    mqtt_port, aws_port : int or None
        Fixed ports of broker and AWS server; None takes free ones.
    api_key : str or None
        A fixed key; None makes one.
    retry_delay_s : float
        Pause before a failed asynchronous invocation is tried again.
    logs : Path or None
        A folder that keeps the children's logs.
    edge_arguments : tuple of str
        Passed on to the edge.
    """

    source: str | None
    once: bool = False
    port: int | None = None
    device_id: str = "cam-1"
    template: Path = DEFAULT_TEMPLATE
    parameters: dict[str, str] = field(default_factory=dict)
    broker: str = "auto"
    mqtt_port: int | None = None
    aws_port: int | None = None
    api_key: str | None = None
    retry_delay_s: float = 1.0
    logs: Path | None = None
    edge_arguments: tuple[str, ...] = ()

    @property
    def source_file(self) -> Path | None:
        """The video file to play, None for cameras and streams."""
        if self.source is None or self.source.isdigit() or "://" in self.source:
            return None
        return None if self.source.startswith("/dev/") else Path(self.source)


def parse_options(argv: Sequence[str]) -> Options:
    """Read the command line.

    Raises
    ------
    StartError
        With one line that says what is wrong.
    SystemExit
        After ``--help``.
    """
    own = list(argv)
    rest: tuple[str, ...] = ()
    if "--" in own:
        cut = own.index("--")
        own, rest = own[:cut], tuple(own[cut + 1 :])
    given = _parser().parse_args(own)
    if given.no_edge and (given.once or rest):
        raise StartError("--no-edge cannot be combined with --once or arguments of the edge")
    if not is_device_id(given.device_id):
        raise StartError("--device-id: expected 1 to 128 letters, digits, ':', '_' or '-'")
    options = Options(
        source=None if given.no_edge else given.source,
        once=given.once,
        port=given.port,
        device_id=given.device_id,
        template=given.template,
        parameters=dict(given.parameter),
        broker=given.broker,
        mqtt_port=given.mqtt_port,
        aws_port=given.aws_port,
        api_key=given.api_key,
        retry_delay_s=given.retry_delay_s,
        logs=given.logs,
        edge_arguments=rest,
    )
    if options.source_file is not None and not options.source_file.is_file():
        raise StartError(f"there is no video {options.source}")
    return options


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise StartError(f"{message} (python -m local --help lists the options)")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m local",
        description="Everything on this machine: broker, IoT rule, functions, table and REST API "
        "as template.yaml has them, and an edge that plays a clip or watches a camera.",
        epilog="Arguments after -- go to the edge: python -m local --source 0 -- --detector back",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add(
        "--source",
        default=str(DEFAULT_CLIP),
        help="video file, camera number (0) or rtsp:// URL; default: the bundled clip",
    )
    add("--once", action="store_true", help="end after the clip; 1 unless every event is stored")
    add("--no-edge", action="store_true", help="serve only; publish to the broker yourself")
    add("--device-id", default="cam-1", help="name of the camera; default: cam-1")
    add("--port", type=_port, help="of the REST API; default: 8000 or the next free one")
    add("--api-key", type=_api_key, help="a fixed key for the REST API; default: a new one")
    add("--template", type=Path, default=DEFAULT_TEMPLATE, help="default: template.yaml")
    add(
        "--parameter",
        type=_assignment,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="value of a template parameter, such as AlertCooldownSeconds=10",
    )
    add("--broker", choices=("auto", "mosquitto", "amqtt"), default="auto")
    add("--mqtt-port", type=_port, help="of the MQTT broker; default: a free one")
    add("--aws-port", type=_port, help="of the AWS server (moto); default: a free one")
    add(
        "--retry-delay-s",
        type=_seconds,
        default=1.0,
        help="pause before a failed invocation is tried again (AWS waits minutes); default: 1",
    )
    add("--logs", type=Path, metavar="FOLDER", help="keep the logs of all processes there")
    return parser


def _port(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= _MAX_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: expected 1 to {_MAX_PORT}")
    return int(text)


def _api_key(text: str) -> str:
    if not text.isascii() or not text.isprintable() or not text.strip():
        raise argparse.ArgumentTypeError("expected printable ASCII characters")
    return text


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= 3600:  # noqa: PLR2004 - an hour
        raise argparse.ArgumentTypeError(f"{text!r}: expected 0 to 3600")
    return seconds


def _assignment(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise argparse.ArgumentTypeError(f"{text!r}: expected NAME=VALUE")
    return name, value
