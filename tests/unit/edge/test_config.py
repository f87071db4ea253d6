"""The settings file and the configuration made of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic_core import PydanticUndefined

from edge_lambda.config import EdgeConfig, load_config
from edge_lambda.errors import ConfigError
from edge_lambda.settings import SmileSettings
from edge_lambda.settings_section import iterate_settings
from edge_lambda.smiles.thresholds import resolve_thresholds

REQUIRED = {"source": "a.mp4", "device_id": "cam-1"}
DOCS = Path(__file__).parents[3] / "docs" / "edge.md"


def write(folder: Path, text: str) -> Path:
    path = folder / "edge.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("toml", "problem"),
    [
        ("sorce = 'x'", "sorce: unknown key"),
        ("source = ''", "source: expected at least 1 character"),
        ("[smile]\nthreshold = 0.5", "smile.threshold: unknown key"),
        ("[smile]\nthreshold_on = 1.5", "smile.threshold_on: expected less than 1.0, got 1.5"),
        ("[smile]\nthreshold_on = 0", "smile.threshold_on: expected more than 0.0, got 0"),
        ("[smile]\nthreshold_on = '0.7'", "smile.threshold_on: expected a number, got '0.7'"),
        ("[smile]\nthreshold_on = true", "smile.threshold_on: expected a number, got True"),
        ("[smile]\nmax_gap_ms = 'long'", "smile.max_gap_ms: expected a number, got 'long'"),
        ("[vision]\nmin_face_px = 7", "vision.min_face_px: expected at least 8, got 7"),
        ("[vision]\nmin_face_px = 24.5", "vision.min_face_px: expected a whole number, got 24.5"),
        ("[vision]\ncpu_ms_per_s = 0", "vision.cpu_ms_per_s: expected more than 0.0, got 0"),
        ("[vision]\ncpu_ms_per_s = 1001", "vision.cpu_ms_per_s: expected at most 1000.0, got 1001"),
        ("[vision]\ndetector = 'full'", "vision.detector: no longer used: remove it"),
        ("[vision]\ndetect_every = 3", "vision.detect_every: no longer used: remove it"),
        ("[track]\nmin_iou = 0.25", "track.min_iou: no longer used: remove it"),
        ("[mqtt]\nmax_publishes_per_s = 101", "mqtt.max_publishes_per_s: expected at most 100"),
        ("[mqtt]\nbasic_ingest_rule = 'a/b'", "mqtt.basic_ingest_rule: expected text that matches"),
        ("[mqtt]\nurl = 3", "mqtt.url: expected text"),
        ("[camera]\nstart_time = 2026-01-01T00:00:00", "camera.start_time: expected a time with"),
        ("[camera]\nstart_time = 1969-12-31T23:59:59Z", "camera.start_time: expected at least"),
        ("[camera]\nstart_time = 9000-01-01T00:00:00Z", "camera.start_time: expected less than"),
        ("[camera]\nrotate = 91", "camera.rotate: expected 0, 90, 180 or 270, got 91"),
        ("[camera]\nrotate = '90'", "camera.rotate: expected 0, 90, 180 or 270, got '90'"),
        ("[camera]\nrotate = true", "camera.rotate: expected 0, 90, 180 or 270, got True"),
        ("[outbox]\npath = 3", "outbox.path: expected a path"),
        ("[stream]\ntoken = 3", "stream.token: expected text"),
        ("sinks = ['kafka']", "sinks.0: expected 'stdout', 'mqtt' or 'greengrass', got 'kafka'"),
        ("sinks = []", "sinks: expected stdout, mqtt or greengrass"),
        ("sinks = ['mqtt', 'greengrass']", "sinks: expected mqtt or greengrass, not both"),
        ("sinks = 'mqtt'", 'sinks: expected a list such as ["stdout"]'),
        ("smile = 3", "smile: expected a table of settings"),
        ("progress = 'yes'", "progress: expected true or false"),
        ("log_level = 3", "log_level: expected 'debug', 'info', 'warning' or 'error', got 3"),
        ("not toml", "edge.toml"),
        ("source = 'a'\n\xff", "edge.toml: expected text in UTF-8"),
        pytest.param("a = " + "[" * 5000, "edge.toml: lists or tables are nested", id="deep"),
        pytest.param("a = " + "9" * 5000, "edge.toml: exceeds the limit", id="long number"),
    ],
)
def test_message_names_key_expectation_and_value_when_a_setting_is_wrong(
    tmp_path: Path, toml: str, problem: str
) -> None:
    path = tmp_path / "edge.toml"
    path.write_text(toml, encoding="latin-1")
    with pytest.raises(ConfigError, match=re.escape(problem)) as caught:
        load_config(path, {"device_id": "cam-1"} if "source" in toml else REQUIRED)
    assert "\n" not in str(caught.value)


def test_byte_order_mark_does_not_count(tmp_path: Path) -> None:
    path = tmp_path / "edge.toml"
    path.write_text("source = '0'\n", encoding="utf-8-sig")  # as Notepad writes it
    assert load_config(path, {}).source == "0"


def test_message_names_every_wrong_key(tmp_path: Path) -> None:
    path = write(tmp_path, "[smile]\nthreshold = 1\n[vision]\nmin_face_px = 0\n")
    with pytest.raises(ConfigError) as caught:
        load_config(path, REQUIRED)
    assert str(caught.value) == (
        "vision.min_face_px: expected at least 8, got 0; smile.threshold: unknown key"
    )


def test_section_is_rejected_when_a_flag_belongs_to_it_and_it_is_not_a_table(
    tmp_path: Path,
) -> None:
    path = write(tmp_path, "smile = 3")
    with pytest.raises(ConfigError, match=r"^smile: expected a table of settings$"):
        load_config(path, REQUIRED | {"smile.threshold_on": 0.8})


def test_thresholds_come_from_the_model_card_when_not_set() -> None:
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
def test_thresholds_are_rejected_when_a_smile_could_not_start_or_end(
    settings: dict[str, float], key: str
) -> None:
    with pytest.raises(ConfigError, match=re.escape(key)):
        resolve_thresholds(SmileSettings(**settings), 0.7, 0.5, 0.99609)


@pytest.mark.parametrize(
    ("sink", "path"),
    [
        ("stdout", None),
        ("mqtt", Path("/state/smile-edge/cam-1.sqlite")),
        ("greengrass", Path("/state/smile-edge/cam-1.sqlite")),
    ],
)
def test_outbox_is_a_file_only_when_a_broker_confirms_events(
    monkeypatch: pytest.MonkeyPatch, sink: str, path: Path | None
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/state")
    assert load_config(None, REQUIRED | {"sinks": (sink,)}).outbox_path == path


def test_outbox_is_in_the_home_directory_when_the_environment_names_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.setenv("HOME", "/home/me")
    config = load_config(None, REQUIRED | {"sinks": ("mqtt",)})
    assert config.outbox_path == Path("/home/me/.local/state/smile-edge/cam-1.sqlite")


def test_paths_in_a_file_are_relative_to_it_except_for_the_home_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    path = write(
        tmp_path,
        '[mqtt]\nca_file = "~/ca.pem"\ncert_file = "cert.pem"\nkey_file = "/etc/key.pem"\n'
        '[stream]\nfifo = "f"\n',
    )
    config = load_config(path, REQUIRED | {"outbox.path": Path("~/o.sqlite")})
    assert config.mqtt.ca_file == Path("/home/me/ca.pem")
    assert config.mqtt.cert_file == tmp_path / "cert.pem"
    assert config.mqtt.key_file == Path("/etc/key.pem")
    assert config.stream.fifo == tmp_path / "f"
    assert config.outbox_path == Path("/home/me/o.sqlite")


def test_source_in_a_file_is_relative_to_the_working_directory(tmp_path: Path) -> None:
    assert load_config(write(tmp_path, 'source = "clip.mp4"'), {}).source == "clip.mp4"


def test_path_is_required_when_there_is_no_home_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("os.getuid", lambda: 4_000_000)  # as in a container without a user
    config = load_config(None, REQUIRED | {"sinks": ("mqtt",)})
    with pytest.raises(ConfigError, match=r"outbox\.path: required, there is no home directory"):
        _ = config.outbox_path
    with pytest.raises(ConfigError, match=r"mqtt\.ca_file: ~ is used, but there is no home"):
        load_config(None, REQUIRED | {"mqtt.ca_file": "~/ca.pem"})


def shown_default(default: object) -> str:
    if default is None or default is PydanticUndefined:
        return ""
    if isinstance(default, tuple):
        return f"`{list(default)}`".replace("'", '"')
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def test_docs_describe_every_setting_and_its_default() -> None:
    text = DOCS.read_text(encoding="utf-8").partition("\n## Settings\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `([a-z_.]+)` \| (.*?) \| (.*) \|$", text, re.MULTILINE)
    assert rows == [
        (
            key,
            {"source": "required", "device_id": "host name"}.get(key, shown_default(field.default)),
            field.description,
        )
        for key, field in iterate_settings(EdgeConfig)
    ]
