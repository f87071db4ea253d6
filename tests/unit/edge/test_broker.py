from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from edge_lambda.delivery.broker import Broker
from edge_lambda.errors import ConfigError


def test_url_names_host_port_and_credentials() -> None:
    broker = Broker.from_url("mqtts://me:p%40ss@iot.example:443")
    assert (broker.host, broker.port, broker.is_encrypted) == ("iot.example", 443, True)
    assert (broker.username, broker.password) == ("me", "p@ss")
    assert "p@ss" not in repr(broker)


def test_port_is_the_scheme_s_when_the_url_names_none() -> None:
    assert Broker.from_url("mqtt://[::1]/").port == 1883
    assert Broker.from_url("MQTTS://x").port == 8883


def test_nothing_is_encrypted_and_nobody_logs_in_when_the_url_is_plain() -> None:
    broker = Broker.from_url("mqtt://x")
    assert (broker.is_encrypted, broker.username, broker.password) == (False, None, None)
    assert broker.tls_context() is None


@pytest.mark.parametrize(
    "url",
    [
        "",
        "127.0.0.1:1883",
        "http://x",
        "mqtt://",
        "mqtt://x:99999",
        "mqtt://x:0",
        "mqtt://x:",
        "mqtt://[::1",
        "mqtt://::1",
        "mqtt://:1883",
        "mqtt://me:secret@",
        "mqtt://my broker",
        "mqtt://bro\nker",
        "mqtt://x\n",
        "mqtt://300.1.1.1",
    ],
)
def test_url_is_refused_when_it_is_wrong(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Broker.from_url(url)
    expected = "expected mqtt://host[:port] or mqtts://host[:port]"
    assert str(caught.value) == f"mqtt.url: {expected}"


@pytest.mark.parametrize("url", ["mqtt://x/topic", "mqtt://x?a=1", "mqtt://x#here"])
def test_url_is_refused_when_it_has_a_path(url: str) -> None:
    with pytest.raises(ConfigError, match=r"^mqtt\.url: expected mqtt://.*, without a path$"):
        Broker.from_url(url)


def test_password_is_not_shown_when_the_url_is_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        Broker.from_url("mqtt://me:secret@x/topic")
    assert "secret" not in str(caught.value)


@pytest.fixture
def not_pem(tmp_path: Path) -> Path:
    path = tmp_path / "x.pem"
    path.write_text("nothing")
    return path


@pytest.mark.parametrize("name", ["ca_file", "cert_file", "key_file"])
def test_file_is_refused_when_the_url_is_not_encrypted(name: str) -> None:
    with pytest.raises(ConfigError, match=rf"^mqtt\.{name}: needs an mqtts:// url$"):
        Broker.from_url("mqtt://x", **{name: Path("x.pem")})


@pytest.mark.parametrize(
    ("given", "missing"), [("cert_file", "key_file"), ("key_file", "cert_file")]
)
def test_certificate_and_key_are_expected_together(given: str, missing: str) -> None:
    with pytest.raises(ConfigError, match=rf"^mqtt\.{missing}: expected, because"):
        Broker.from_url("mqtts://x", **{given: Path("x.pem")})


def test_file_is_named_when_it_does_not_exist(not_pem: Path) -> None:
    def refused(**files: Path) -> str:
        with pytest.raises(ConfigError) as caught:
            Broker.from_url("mqtts://x", **files).tls_context()
        return str(caught.value)

    nowhere = Path("nowhere")
    assert refused(ca_file=nowhere) == "mqtt.ca_file: nowhere: no such file or directory"
    assert refused(cert_file=nowhere, key_file=not_pem) == "mqtt.cert_file: no such file: nowhere"
    assert refused(cert_file=not_pem, key_file=nowhere) == "mqtt.key_file: no such file: nowhere"


def test_file_is_named_when_it_is_not_pem(not_pem: Path) -> None:
    with pytest.raises(ConfigError, match=r"^mqtt\.ca_file: .*x\.pem: no certificate"):
        Broker.from_url("mqtts://x", ca_file=not_pem).tls_context()
    with pytest.raises(
        ConfigError, match=r"^mqtt\.cert_file, key_file: .*x\.pem: expected unencrypted"
    ):
        Broker.from_url("mqtts://x", cert_file=not_pem, key_file=not_pem).tls_context()


def test_server_is_verified_with_tls_1_2_or_later_when_the_url_is_encrypted() -> None:
    context = Broker.from_url("mqtts://x").tls_context()
    assert context is not None
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname
