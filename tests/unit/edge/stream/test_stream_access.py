"""Who can reach the live view: addresses, names and tokens."""

from __future__ import annotations

import errno
import re
import socket
from collections.abc import Callable

import pytest

from edge_lambda.errors import ConfigError
from edge_lambda.stream import ListenAddress, Scene, StreamServer
from edge_lambda.stream import stream_server as module
from tests.helpers.scenes import get, read_parts
from tests.helpers.waiting import LOOPBACK

TOKEN = "correct-horse-battery"
EVERYWHERE = ListenAddress("0.0.0.0", 0)
Serve = Callable[..., StreamServer]
Camera = Callable[[], int]


@pytest.mark.parametrize("name", ["evil.example", "127.0.0.1.evil.example", "", "[::1", "::1"])
def test_request_is_rejected_when_a_foreign_name_leads_to_this_machine(
    serve: Serve, name: str
) -> None:
    response, body = get(serve().port, "/snapshot.jpg", Host=name)
    assert (response.status, body) == (403, b"Use the address that the device logged.\n")


@pytest.mark.parametrize("name", ["localhost:8080", "127.0.0.1", "[::1]:8080", "LOCALHOST."])
def test_request_is_answered_when_it_names_this_machine(serve: Serve, name: str) -> None:
    assert get(serve().port, "/", Host=name)[0].status == 200


@pytest.mark.parametrize("path", ["/", "/snapshot.jpg", "/stream.mjpeg"])
@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
def test_request_is_rejected_when_a_page_of_another_site_sends_it(
    serve: Serve, path: str, origin: str
) -> None:
    response, body = get(serve().port, path, Host=LOOPBACK, Origin=origin)
    assert (response.status, body) == (403, b"Pages of other sites may not read this.\n")
    assert "Access-Control-Allow-Origin" not in response.headers


def test_request_is_answered_when_a_page_of_this_server_sends_it(serve: Serve) -> None:
    port = serve().port
    own = {"Host": f"{LOOPBACK}:{port}", "Origin": f"http://{LOOPBACK}:{port}"}
    assert get(port, "/", **own)[0].status == 200


def test_page_of_another_site_is_rejected_even_with_the_token(serve: Serve) -> None:
    port = serve(EVERYWHERE, TOKEN).port
    assert get(port, f"/?token={TOKEN}", Origin="https://evil.example")[0].status == 403


@pytest.mark.parametrize("address", [EVERYWHERE, ListenAddress("::", 0)])
def test_address_is_rejected_when_other_machines_can_reach_it_without_a_token(
    serve: Serve, address: ListenAddress
) -> None:
    with pytest.raises(ConfigError, match=r"other machines can reach .*stream\.token"):
        serve(address)


@pytest.mark.parametrize(
    "query", ["", "?token=", f"?token={TOKEN}x", f"?token={TOKEN[:-1]}", "?token=%ff", "?x=1"]
)
def test_nothing_is_shown_when_the_token_is_wrong(
    drawn: list[Scene], camera: Camera, serve: Serve, query: str
) -> None:
    port = serve(EVERYWHERE, TOKEN).port
    for path in ("/", "/stream.mjpeg", "/snapshot.jpg"):
        response, body = get(port, path + query)
        assert response.status == 403
        assert TOKEN.encode() not in body
    assert drawn == []


def test_stream_is_shown_when_the_token_is_right(camera: Camera, serve: Serve) -> None:
    port = serve(EVERYWHERE, TOKEN).port
    response, body = get(port, f"/?token={TOKEN}", Host="camera.example")
    assert response.status == 200
    assert f'src="stream.mjpeg?token={TOKEN}"'.encode() in body
    assert len(read_parts(port, 2, f"/stream.mjpeg?token={TOKEN}")) == 2


def test_token_is_not_printed(serve: Serve, capfd: pytest.CaptureFixture[str]) -> None:
    get(serve(EVERYWHERE, TOKEN).port, f"/?token={TOKEN}")
    assert capfd.readouterr() == ("", "")


def test_url_has_brackets_when_the_address_is_ipv6(serve: Serve) -> None:
    assert re.fullmatch(r"http://\[::1\]:\d+/", serve(ListenAddress("::1", 0)).url)


def test_port_can_be_used_again_at_once(serve: Serve) -> None:
    first = serve()
    with socket.create_connection((LOOPBACK, first.port)) as client:
        client.sendall(b"GET / HTTP/1.0\r\n\r\n")
        while client.recv(65536):
            pass
    first.close()
    assert serve(ListenAddress(LOOPBACK, first.port)).port == first.port


def test_message_names_the_port_when_it_is_in_use(serve: Serve) -> None:
    taken = serve().port
    with pytest.raises(ConfigError, match=f"port {taken} is in use: choose another one, or 0"):
        serve(ListenAddress(LOOPBACK, taken))


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        (errno.EACCES, "port 0 is not allowed: choose 1024 or higher"),
        (errno.EADDRNOTAVAIL, "127.0.0.1 is not an address of this machine"),
        (errno.ENOBUFS, "cannot listen on 127.0.0.1: no buffer space available"),
    ],
)
def test_message_says_why_the_address_cannot_be_used(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, code: int, problem: str
) -> None:
    def fail(*_: object) -> None:
        raise OSError(code, "No buffer space available")

    monkeypatch.setattr(module._Server, "server_bind", fail)
    with pytest.raises(ConfigError, match=re.escape(f"stream.address: {problem}")):
        serve()
