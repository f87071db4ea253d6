"""Settings that may contain a password come from the environment or from files."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_lambda import lambda_function
from edge_lambda.cli import parse_arguments
from edge_lambda.config import read_environment
from edge_lambda.errors import ConfigError

SOURCE, URL, TOKEN = "rtsp://me:s3cret@cam/live", "mqtt://me:s3cret@broker", "t" * 16


@pytest.fixture(params=["value", "file"])
def environment(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """The three settings, as variables or in files that end with a line break."""
    given = {"SMILE_SOURCE": SOURCE, "SMILE_MQTT_URL": URL, "SMILE_STREAM_TOKEN": TOKEN}
    if request.param == "value":
        return given
    for name, value in given.items():
        (tmp_path / name).write_text(f"{value}\n")
    return {f"{name}_FILE": str(tmp_path / name) for name in given}


def test_command_line_needs_no_secret(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    config = parse_arguments([])
    assert (config.source, config.mqtt.url) == (SOURCE, URL)
    assert config.stream.token is not None
    assert config.stream.token.get_secret_value() == TOKEN


def test_space_around_an_address_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SMILE_SOURCE", f" {SOURCE}\r\n")
    path = tmp_path / "url"
    path.write_text(f"{URL}\n", encoding="utf-8-sig")  # as Notepad writes it
    monkeypatch.setenv("SMILE_MQTT_URL_FILE", str(path))
    config = parse_arguments(["--stream", "127.0.0.1:8080 "])
    assert (config.source, config.mqtt.url) == (SOURCE, URL)
    assert config.stream.address == "127.0.0.1:8080"


def test_source_of_spaces_is_an_error() -> None:
    with pytest.raises(ConfigError, match="source: expected at least 1 character"):
        parse_arguments(["--source", " \n"])


def test_function_reads_them_too(environment: dict[str, str]) -> None:
    config = lambda_function.config_from(environment | {"AWS_IOT_THING_NAME": "cam-1"})
    assert (config.source, config.mqtt.url) == (SOURCE, URL)


def test_environment_overrides_the_settings_file_and_flags_override_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "device.toml"
    path.write_text('source = "0"\n')
    monkeypatch.setenv("SMILE_SOURCE", "1")
    assert parse_arguments(["--config", str(path)]).source == "1"
    assert parse_arguments(["--config", str(path), "--source", "2"]).source == "2"
    monkeypatch.setenv("SMILE_SOURCE", "")
    assert parse_arguments(["--config", str(path)]).source == "0"


def test_variable_and_file_together_are_an_error(tmp_path: Path) -> None:
    both = {"SMILE_SOURCE": SOURCE, "SMILE_SOURCE_FILE": str(tmp_path)}
    with pytest.raises(ConfigError, match="SMILE_SOURCE and SMILE_SOURCE_FILE are both") as caught:
        read_environment(both)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "problem"), [(None, "no such file"), (b"\xff\xfe", "expected text in UTF-8")]
)
def test_unreadable_file_is_an_error(tmp_path: Path, content: bytes | None, problem: str) -> None:
    path = tmp_path / "source"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=f"SMILE_SOURCE_FILE: .*{problem}"):
        read_environment({"SMILE_SOURCE_FILE": str(path)})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([SOURCE], "unrecognized arguments: rtsp://…; "),
        (["--sorce", SOURCE], "unrecognized arguments: --sorce rtsp://…; "),
        ([f"--mqtt-urll={URL}"], "unrecognized arguments: --mqtt-urll=mqtt://…; "),
        (["me:s3cret@cam/live"], "unrecognized arguments: …; "),
        (["rtsp:/me:s3cret@cam/live"], "unrecognized arguments: rtsp:/…; "),
        ([f"--progress={SOURCE}"], "rtsp://…"),
        (["--source", "0", "--sink", URL], "sinks.0: expected .*, got 'mqtt://…'"),
        (["--source", "0", "--rotate", SOURCE], "camera.rotate: expected .*, got 'rtsp://…'"),
        (["--source", "0", "--max-faces", SOURCE], "vision.max_faces: .*, got 'rtsp://…'"),
        (["--source", "0", "--start-time", SOURCE], "camera.start_time: .*, got 'rtsp://…'"),
    ],
)
def test_address_in_the_wrong_place_is_not_repeated(arguments: list[str], message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        parse_arguments(arguments)
    assert "s3cret" not in str(caught.value)
