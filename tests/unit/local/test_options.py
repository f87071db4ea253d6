"""The command line of ``python -m local``."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.errors import StartError
from local.run.options import DEFAULT_CLIP, Options, parse_options


@pytest.mark.parametrize(
    ("argv", "complaint"),
    [
        (["--source", "/nowhere/clip.mp4"], "--source: video not found: /nowhere/clip.mp4"),
        (["--port", "0"], "'0' is not a port: expected 1 to 65535"),
        (["--port", "65536"], "'65536' is not a port"),
        (["--port", "eighty"], "'eighty' is not a port"),
        (["--port", "²"], "'²' is not a port"),
        (["--device-id", "cam 1"], "--device-id: expected"),
        (["--parameter", "Stage"], "expected NAME=VALUE"),
        (["--parameter", "=dev"], "expected NAME=VALUE"),
        (["--retry-delay-s", "-1"], "expected 0 to 3600"),
        (["--retry-delay-s", "3601"], "expected 0 to 3600"),
        (["--retry-delay-s", "soon"], "expected 0 to 3600"),
        (["--schedule-s", "0"], "expected more than 0"),
        (["--schedule-s", "3601"], "expected 0 to 3600"),
        (["--api-key", "ä"], "expected ASCII letters and digits"),
        (["--api-key", " "], "expected ASCII letters and digits"),
        (["--broker", "other"], "invalid choice: 'other'"),
        (["--no-edge", "--once"], "--no-edge cannot be combined"),
        (["--loop", "--once"], "--loop cannot be combined with --once"),
        (["--port", "9000", "--mqtt-port", "9000"], "--aws-port: expected different ports"),
        (["--aws-port", "9000", "--mqtt-port", "9000"], "--aws-port: expected different ports"),
        (["--no-edge", "--", "--min-face-px", "30"], "--no-edge cannot be combined"),
        (["--nonsense"], "unrecognized arguments: --nonsense (python -m local --help lists"),
        (["--por", "80"], "unrecognized arguments: --por 80"),
    ],
)
def test_command_line_is_refused_in_one_line_when_wrong(argv: list[str], complaint: str) -> None:
    with pytest.raises(StartError) as caught:
        parse_options(argv)
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)


def test_options_have_their_defaults_when_nothing_is_given() -> None:
    options = parse_options([])
    assert options == Options()
    assert options.source_file == DEFAULT_CLIP
    assert options.template.name == "template.yaml"
    assert options.template.is_file()


def test_options_are_those_given_when_there_are_some(tmp_path: Path) -> None:
    argv = ["--parameter", "A=1", "--parameter", "B=x=y", "--port", "65535", "--retry-delay-s", "0"]
    argv += ["--logs", str(tmp_path), "--broker", "amqtt", "--api-key", "k", "--device-id", "a:b"]
    options = parse_options(argv)
    assert options.parameters == [("A", "1"), ("B", "x=y")]
    assert (options.port, options.retry_delay_s, options.logs) == (65535, 0.0, tmp_path)
    assert (options.broker, options.api_key, options.device_id) == ("amqtt", "k", "a:b")
    assert parse_options(["--schedule-s", "0.5"]).schedule_s == 0.5
    assert Options().parameters == [], "the defaults are not changed"


def test_arguments_after_two_dashes_go_to_the_edge() -> None:
    options = parse_options(["--source", "0", "--once", "--", "--min-face-px", "30", "--", "a"])
    assert options.once
    assert options.edge_arguments == ("--min-face-px", "30", "--", "a")


@pytest.mark.parametrize(
    "argv",
    [["--source", "0"], ["--source", "rtsp://a/b"], ["--source", "/dev/video0"], ["--no-edge"]],
)
def test_source_is_not_a_file_when_it_is_live_or_there_is_no_edge(argv: list[str]) -> None:
    assert parse_options(argv).source_file is None
