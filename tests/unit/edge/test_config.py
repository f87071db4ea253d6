from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from edge_lambda.cli import parse_arguments
from edge_lambda.config import EdgeConfig, load_config
from edge_lambda.errors import ConfigError
from edge_lambda.settings import Section, SmileSettings
from edge_lambda.smiles.thresholds import resolve_thresholds

LEAST = ["--source", "clip.mp4", "--device-id", "cam-1"]
DOCS = Path(__file__).parents[3] / "docs" / "edge.md"


def write(folder: Path, text: str) -> Path:
    path = folder / "edge.toml"
    path.write_text(text)
    return path


def test_flags_win_when_file_says_otherwise(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        'source = "a.mp4"\ndevice_id = "cam-9"\n[smile]\nmax_gap_ms = 300\nthreshold_on = 0.9\n',
    )
    config = parse_arguments(["--config", str(path), "--source", "b.mp4", "--threshold-on", "0.8"])
    assert (config.source, config.device_id) == ("b.mp4", "cam-9")
    assert (config.smile.threshold_on, config.smile.max_gap_ms) == (0.8, 300)


def test_both_sinks_when_sink_is_repeated() -> None:
    assert parse_arguments([*LEAST, "--sink", "stdout", "--sink", "mqtt"]).sinks == (
        "stdout",
        "mqtt",
    )


def test_time_zone_is_kept_when_start_time_is_given() -> None:
    config = parse_arguments([*LEAST, "--start-time", "2026-01-01T00:00:00Z"])
    assert config.camera.start_time is not None
    assert config.camera.start_time.isoformat() == "2026-01-01T00:00:00+00:00"


@pytest.mark.parametrize(
    ("toml", "key"),
    [
        ("sorce = 'x'", "sorce: unknown key"),
        ("[smile]\nthreshold = 0.5", "smile.threshold: unknown key"),
        ("[smile]\nthreshold_on = 1.5", "smile.threshold_on"),
        ("[smile]\nmax_gap_ms = 'long'", "smile.max_gap_ms"),
        ("[vision]\ndetector = 'best'", "vision.detector"),
        ("[vision]\ndetect_every = 0", "vision.detect_every"),
        ("[mqtt]\nmax_publishes_per_s = 101", "mqtt.max_publishes_per_s"),
        ("[camera]\nstart_time = 2026-01-01T00:00:00", "camera.start_time"),
        ("[camera]\nstart_time = 1969-12-31T23:59:59Z", "camera.start_time"),
        ("sinks = ['kafka']", "sinks.0"),
        ("sinks = []", "sinks"),
        ("smile = 3", "smile: expected a table of settings"),
        ("sinks = 'mqtt'", "sinks: expected a list such as"),
        ("progress = 'yes'", "progress: expected true or false"),
        ("log_level = 3", "log_level"),
        ("[smile]\nthreshold_on = '0.7'", "smile.threshold_on: expected a number"),
        ("[smile]\nthreshold_on = true", "smile.threshold_on: expected a number"),
        ("[vision]\ndetect_every = 1.5", "vision.detect_every: expected a whole number"),
        ("[mqtt]\nurl = 3", "mqtt.url: expected text"),
        ("[outbox]\npath = 3", "outbox.path: expected a path"),
        ("[stream]\ntoken = 3", "stream.token: expected text"),
        ("not toml", "edge.toml"),
    ],
)
def test_key_is_named_when_a_setting_is_wrong(tmp_path: Path, toml: str, key: str) -> None:
    path = write(tmp_path, toml)
    with pytest.raises(ConfigError, match=re.escape(key)) as caught:
        load_config(path, {"source": "a.mp4", "device_id": "cam-1"})
    assert "\n" not in str(caught.value).removesuffix("\n")


@pytest.mark.parametrize("device_id", ["", "a b", "cam/1", "cam#", "ü", "x" * 129, "cam-1\n"])
def test_device_id_is_refused_when_no_topic_can_hold_it(device_id: str) -> None:
    with pytest.raises(ConfigError, match="device_id: expected 1 to 128"):
        parse_arguments(["--source", "a.mp4", "--device-id", device_id])


@pytest.mark.parametrize(
    ("host", "device_id"),
    [("lab-pi", "lab-pi"), ("cam.example.org", "cam-example-org"), ("", "camera")],
)
def test_device_is_called_as_its_host_when_nobody_names_it(
    monkeypatch: pytest.MonkeyPatch, host: str, device_id: str
) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: host)
    assert parse_arguments(["--source", "a.mp4"]).device_id == device_id


def test_missing_source_is_named_when_nothing_is_given() -> None:
    with pytest.raises(ConfigError, match="source: expected"):
        parse_arguments([])


def test_config_file_is_named_when_missing() -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.toml: no such file"):
        parse_arguments(["--config", "nowhere.toml"])


def test_thresholds_come_from_the_card_when_left_out() -> None:
    assert resolve_thresholds(SmileSettings(), 0.7, 0.5, 0.99) == (0.7, 0.5)
    assert resolve_thresholds(SmileSettings(threshold_on=0.8), 0.7, 0.5, 0.99) == (0.8, 0.5)


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({"threshold_on": 0.997}, "smile.threshold_on: 0.997 can never be reached"),
        ({"threshold_on": 0.5, "threshold_off": 0.5}, "smile.threshold_off: expected less than"),
        ({"threshold_on": 0.3}, "smile.threshold_off"),
        ({"threshold_off": 0.8}, "smile.threshold_off"),
    ],
)
def test_thresholds_are_refused_when_a_smile_could_not_start_or_end(
    settings: dict[str, float], key: str
) -> None:
    with pytest.raises(ConfigError, match=re.escape(key)):
        resolve_thresholds(SmileSettings(**settings), 0.7, 0.5, 0.99609)


def test_outbox_is_kept_on_disk_only_when_somebody_confirms(monkeypatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/state")
    assert parse_arguments(LEAST).outbox_path is None
    path = parse_arguments([*LEAST, "--sink", "mqtt"]).outbox_path
    assert path == Path("/state/smile-edge/cam-1.sqlite")


def test_path_is_at_home_when_it_starts_with_a_tilde(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    path = write(tmp_path, '[mqtt]\nca_file = "~/ca.pem"\ncert_file = "cert.pem"\n')
    config = load_config(path, {"source": "a.mp4", "outbox.path": Path("~/o.sqlite")})
    assert config.mqtt.ca_file == Path("/home/me/ca.pem")
    assert config.mqtt.cert_file == tmp_path / "cert.pem"
    assert config.outbox_path == Path("/home/me/o.sqlite")


def test_outbox_path_is_asked_for_when_nobody_is_at_home(monkeypatch) -> None:
    for name in ("HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("os.getuid", lambda: 4_000_000)  # as of a container without a user
    config = parse_arguments([*LEAST, "--sink", "mqtt"])
    with pytest.raises(ConfigError, match=r"outbox\.path: expected, for there is no home"):
        _ = config.outbox_path
    with pytest.raises(ConfigError, match=r"mqtt\.ca_file: ~ is used, but there is no home"):
        parse_arguments([*LEAST, "--mqtt-ca", "~/ca.pem"])


def settings_of(model: type[Section], prefix: str = "") -> list[tuple[str, Any]]:
    rows: list[tuple[str, Any]] = []
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, Section):
            rows += settings_of(kind, f"{prefix}{name}.")
        else:
            rows.append((prefix + name, field))
    return rows


def test_docs_describe_every_setting_as_the_model_does() -> None:
    text = DOCS.read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `([a-z_.]+)` \| [^|]* \| (.*) \|$", text, re.MULTILINE))
    expected = {name: field.description for name, field in settings_of(EdgeConfig)}
    assert rows == expected


@pytest.mark.parametrize("token", ["short", "has a space in the middle", "ü" * 20, "x" * 129])
def test_token_is_refused_without_being_shown_when_it_is_too_weak(
    monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    monkeypatch.setenv("SMILE_STREAM_TOKEN", token)
    with pytest.raises(ConfigError, match=r"stream\.token: expected 16 to 128") as caught:
        parse_arguments(["--source", "a.mp4", "--device-id", "cam-1"])
    assert token not in str(caught.value)


def test_token_is_not_shown_when_the_configuration_is_printed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    token = "correct-horse-battery"
    monkeypatch.setenv("SMILE_STREAM_TOKEN", token)
    config = parse_arguments(["--source", "a.mp4", "--stream", "127.0.0.1:0"])
    assert config.stream.token is not None
    assert token not in f"{config!r} {config}"
