"""The flags of ``python -m edge_lambda``, which derive from the settings."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from edge_lambda.cli import parse_arguments
from edge_lambda.config import EdgeConfig
from edge_lambda.errors import ConfigError
from edge_lambda.settings_section import iterate_settings

REQUIRED = ["--source", "clip.mp4", "--device-id", "cam-1"]
TOKEN = "correct-horse-battery"


def value_of(config: object, key: str) -> object:
    for name in key.split("."):
        config = getattr(config, name)
    return config


@pytest.mark.parametrize(
    ("key", "arguments", "value"),
    [
        ("source", ["--source", "0"], "0"),
        ("device_id", ["--device-id", "cam-2"], "cam-2"),
        ("sinks", ["--sink", "mqtt"], ("mqtt",)),
        ("sinks", ["--sink", "stdout", "--sink", "mqtt"], ("stdout", "mqtt")),
        ("drain_timeout_s", ["--drain-timeout-s", "60"], 60.0),
        ("progress", ["--progress"], True),
        ("log_level", ["--log-level", "debug"], "debug"),
        ("camera.realtime", ["--realtime"], True),
        ("camera.rotate", ["--rotate", "270"], 270),
        ("vision.min_face_px", ["--min-face-px", "30"], 30),
        ("vision.min_face_score", ["--min-face-score", ".6"], 0.6),
        ("vision.cpu_ms_per_s", ["--cpu-ms-per-s", "100"], 100.0),
        ("track.max_missed_ms", ["--max-missed-ms", "700"], 700.0),
        ("smile.threshold_on", ["--threshold-on", "0.8"], 0.8),
        ("smile.threshold_off", ["--threshold-off", "0.4"], 0.4),
        ("smile.min_duration_ms", ["--min-duration-ms", "800"], 800.0),
        ("smile.max_gap_ms", ["--max-gap-ms", "300"], 300.0),
        ("smile.correct_talking", ["--no-correct-talking"], False),
        ("outbox.path", ["--outbox", "o.sqlite"], Path("o.sqlite")),
        ("outbox.max_mb", ["--outbox-max-mb", "1"], 1.0),
        ("mqtt.url", ["--mqtt-url", "mqtt://b"], "mqtt://b"),
        ("mqtt.ca_file", ["--mqtt-ca", "ca.pem"], Path("ca.pem")),
        ("mqtt.cert_file", ["--mqtt-cert", "c.pem"], Path("c.pem")),
        ("mqtt.key_file", ["--mqtt-key", "k.pem"], Path("k.pem")),
        ("mqtt.basic_ingest_rule", ["--mqtt-basic-ingest-rule", "r"], "r"),
        ("stream.address", ["--stream", "127.0.0.1:0"], "127.0.0.1:0"),
        ("stream.fifo", ["--stream-fifo", "f"], Path("f")),
    ],
)
def test_flag_sets_its_setting(key: str, arguments: list[str], value: object) -> None:
    assert value_of(parse_arguments([*REQUIRED, *arguments]), key) == value


def test_start_time_keeps_its_time_zone() -> None:
    start = parse_arguments([*REQUIRED, "--start-time", "2026-01-01T02:00:00+02:00"])
    assert start.camera.start_time is not None
    assert start.camera.start_time.isoformat() == "2026-01-01T02:00:00+02:00"


def test_flags_override_the_file(tmp_path: Path) -> None:
    path = tmp_path / "edge.toml"
    path.write_text(
        'source = "a.mp4"\ndevice_id = "cam-9"\nprogress = true\n'
        "[smile]\nmax_gap_ms = 300\nthreshold_on = 0.9\n"
    )
    flags = ["--source", "b.mp4", "--threshold-on", "0.8", "--no-progress"]
    config = parse_arguments(["--config", str(path), *flags])
    assert (config.source, config.device_id, config.progress) == ("b.mp4", "cam-9", False)
    assert (config.smile.threshold_on, config.smile.max_gap_ms) == (0.8, 300)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (
            [],
            "source: expected, but missing: give the flag --source, the variable "
            'SMILE_SOURCE, or source = "…" at the top of the settings file',
        ),
        (
            ["--source", "a", "--threshold-on", "nan"],
            "smile.threshold_on: expected a number from 0 to 1, got nan",
        ),
        (
            ["--source", "a", "--health-interval-s", "inf"],
            "health.interval_s: expected a number from 10 to 3600, got inf",
        ),
        (
            ["--source"],
            "argument --source: expected one argument; python -m edge_lambda --help lists all",
        ),
        (
            ["--source", "a", "--nonsense"],
            "unrecognized arguments: --nonsense; python -m edge_lambda --help lists all",
        ),
        (
            ["--source", "a", "--prog"],
            "unrecognized arguments: --prog; python -m edge_lambda --help lists all",
        ),
        (
            ["--source", "a", "--sink", "pigeon"],
            "sinks.0: expected 'stdout', 'mqtt' or 'greengrass', got 'pigeon'",
        ),
        (
            ["--source", "a", "--threshold-on", "x"],
            "smile.threshold_on: expected a number, got 'x'",
        ),
        (
            ["--source", "a", "--min-face-px", "1.5"],
            "vision.min_face_px: expected a whole number, got '1.5'",
        ),
        (
            ["--source", "a", "--min-face-px", "1001"],
            "vision.min_face_px: expected at most 1000, got 1001",
        ),
        (
            ["--source", "a", "--start-time", "yesterday"],
            "camera.start_time: expected a time such as 2026-01-01T00:00:00Z, got 'yesterday'",
        ),
        (["--source", "a", "--rotate", "45"], "camera.rotate: expected 0, 90, 180 or 270, got 45"),
        (
            ["--source", "a", "--rotate", "up"],
            "camera.rotate: expected 0, 90, 180 or 270, got 'up'",
        ),
        (["--config", "nowhere.toml"], "config: nowhere.toml: no such file or directory"),
    ],
)
def test_message_names_flag_expectation_and_value_when_an_argument_is_wrong(
    arguments: list[str], problem: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_arguments(arguments)
    assert str(caught.value).startswith(problem)


@pytest.mark.parametrize("device_id", ["", "a b", "cam/1", "cam#", "ü", "x" * 129, "cam-1\n"])
def test_device_id_is_rejected_when_it_does_not_fit_a_topic(device_id: str) -> None:
    with pytest.raises(ConfigError, match=r"device_id: expected 1 to 128 of a-z A-Z 0-9 : _ -$"):
        parse_arguments(["--source", "a.mp4", "--device-id", device_id])


@pytest.mark.parametrize(
    ("host", "device_id"),
    [
        ("lab-pi", "lab-pi"),
        ("cam.example.org", "cam-example-org"),
        ("x" * 200, "x" * 128),
        ("", "camera"),
    ],
)
def test_device_is_named_after_its_host_when_it_has_no_id(
    monkeypatch: pytest.MonkeyPatch, host: str, device_id: str
) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: host)
    assert parse_arguments(["--source", "a.mp4"]).device_id == device_id


@pytest.mark.parametrize("token", ["short", "has a space in the middle", "ü" * 20, "x" * 129])
def test_token_is_rejected_but_not_shown_when_it_is_weak(
    monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    monkeypatch.setenv("SMILE_STREAM_TOKEN", token)
    with pytest.raises(ConfigError, match=r"stream\.token: expected 16 to 128") as caught:
        parse_arguments(REQUIRED)
    assert token not in str(caught.value)


def test_token_comes_from_the_environment_and_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMILE_STREAM_TOKEN", TOKEN)
    config = parse_arguments(REQUIRED)
    assert config.stream.token is not None
    assert config.stream.token.get_secret_value() == TOKEN
    assert TOKEN not in f"{config!r} {config}"


def help_text(capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit):
        parse_arguments(["--help"])
    return re.sub(r"\s+", " ", capsys.readouterr().out)


def test_help_describes_every_setting_that_has_a_flag(capsys: pytest.CaptureFixture[str]) -> None:
    text = help_text(capsys)
    without_flag = {"stream.token", "zones.include", "zones.ignore"}
    for key, field in iterate_settings(EdgeConfig):
        # argparse breaks lines after hyphens
        description = re.escape((field.description or "").replace("`", "")).replace("\\-", "- ?")
        assert bool(re.search(description, text)) is (key not in without_flag), key


@pytest.mark.parametrize(
    "line",
    [
        "--threshold-on N Smoothed score",
        "at the end of a file. Default: 10. --progress",
        "--sink stdout|mqtt|greengrass Where",
        "--log-level debug|info|warning|error",
        "--outbox PATH",
        "--mqtt-ca PATH",
        "--mqtt-url URL",
        "--realtime, --no-realtime Play a file at its own speed. --rotate 0|90|180|270 How far",
        "upside down or on its side. Default: 0. --open",
        "--min-face-score N Minimum confidence of a face. Default: 0.7. --cpu-ms-per-s N",
        "(give the flag twice). Default: stdout.",
        "Default: 250.",
        "mqtt: How the device connects to the broker. --mqtt-url",
    ],
)
def test_help_shows_values_defaults_and_sections(
    capsys: pytest.CaptureFixture[str], line: str
) -> None:
    assert line in help_text(capsys)
