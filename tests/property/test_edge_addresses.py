"""Any text is a valid address or a settings error of one line, which names no password."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_lambda.camera.address import parse_address
from edge_lambda.config import load_config
from edge_lambda.delivery.broker import Broker
from edge_lambda.errors import CameraError, ConfigError
from edge_lambda.stream.listen_address import ListenAddress

PASSWORD = "s3cr3tw0rd"
SCHEMES = ["", "rtsp://", "RTSP://", "http://", "udp://", "tcp://", "rtsp:", "x://", "mqtt://"]
PIECES = ["[", "]", "[::1]", ":", "@", "/", "?", "#", "%", ".", "cam", "99999", "554", "~", " "]
PIECES += ["/dev/", "\0", "\n", "\ud800", "\u2100", "é", "file:", "0"]
texts = st.builds(
    str.__add__,
    st.sampled_from(SCHEMES),
    st.text() | st.lists(st.sampled_from(PIECES), max_size=8).map("".join),
)
logins = st.sampled_from(["me:", "me:a/", "me:a?", "me:a#", "me:[", "me:1/", "me:@"])
hosts = st.sampled_from(["cam", "[::1", "cam:99999", "", "my cam", "cam:", "[::1]:554"])


@pytest.fixture(autouse=True, scope="module")
def _empty_folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    os.chdir(tmp_path_factory.mktemp("empty"))


@given(texts)
def test_source_parses_or_is_refused(text: str) -> None:
    try:
        address = parse_address(text)
    except CameraError as error:
        assert str(error).startswith("source: ")
    else:
        assert "\0" not in address.target


@given(st.sampled_from(SCHEMES), logins, hosts)
def test_password_is_never_in_what_a_source_says(scheme: str, login: str, host: str) -> None:
    try:
        said = parse_address(f"{scheme}{login}{PASSWORD}@{host}/live").label
    except CameraError as error:
        said = str(error)
    assert PASSWORD not in said


@given(texts)
def test_broker_parses_or_is_refused(text: str) -> None:
    try:
        broker = Broker.from_url(text)
    except ConfigError as error:
        assert str(error).startswith("mqtt.url: ")
    else:
        assert broker.host.isprintable() and 1 <= broker.port <= 65535


@given(logins, hosts)
def test_password_is_never_in_what_a_broker_says(login: str, host: str) -> None:
    try:
        said = repr(Broker.from_url(f"mqtt://{login}{PASSWORD}@{host}/live"))
    except ConfigError as error:
        said = str(error)
    assert PASSWORD not in said


@given(st.text() | st.lists(st.sampled_from(PIECES), max_size=6).map("".join))
def test_listen_address_parses_or_is_refused(text: str) -> None:
    text = f"[{text}]:80"  # other names would be looked up in the network
    try:
        ListenAddress.parse(text)
    except ConfigError as error:
        assert str(error).startswith("stream.address: ")


@given(texts)
def test_settings_take_any_text_as_an_address_or_refuse_it(text: str) -> None:
    try:
        config = load_config(None, {"source": text, "mqtt.url": text})
    except ConfigError as error:
        assert str(error) in {
            "source: expected at least 1 character",
            "source: expected text in UTF-8; mqtt.url: expected text in UTF-8",
        }
    else:
        assert config.source == config.mqtt.url
        assert config.source.strip(" \r\n") == config.source
