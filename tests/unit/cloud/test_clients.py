"""What the AWS clients do while a service has trouble."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from botocore.exceptions import ClientError

from smile_cloud import clients
from tests.helpers.functions import AWS_ENVIRONMENT

MAKERS = (clients.dynamodb, clients.sns, clients.sqs, clients.iot_data)


class Server(ThreadingHTTPServer):
    """A service that answers 500 to its first `failures` requests."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.failures = 0
        self.requests = 0


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.requests += 1
        self.send_response(500 if self.server.requests <= self.server.failures else 200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    server = Server()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_address[1]}"
    for name, value in (AWS_ENVIRONMENT | {"AWS_ENDPOINT_URL": url}).items():
        monkeypatch.setenv(name, value)
    for make in MAKERS:
        make.cache_clear()
    yield server
    for make in MAKERS:
        make.cache_clear()
    server.shutdown()
    server.server_close()


def test_a_call_succeeds_when_the_service_fails_twice(service: Server) -> None:
    service.failures = 2
    assert clients.dynamodb().list_tables()["ResponseMetadata"]["RetryAttempts"] == 2


def test_a_call_fails_after_three_attempts_when_the_service_stays_broken(service: Server) -> None:
    service.failures = 100
    with pytest.raises(ClientError, match="500"):
        clients.dynamodb().list_tables()
    assert service.requests == 3


@pytest.mark.parametrize("make", MAKERS, ids=["dynamodb", "sns", "sqs", "iot_data"])
def test_the_function_reports_the_service_before_its_timeout_when_nothing_answers(
    service: Server, template: dict[str, Any], make: Any
) -> None:
    config = make().meta.config
    attempt_s = config.connect_timeout + config.read_timeout
    longest_s = config.retries["total_max_attempts"] * attempt_s
    assert longest_s < template["Globals"]["Function"]["Timeout"]


@pytest.mark.parametrize("make", MAKERS, ids=["dynamodb", "sns", "sqs", "iot_data"])
def test_a_client_is_kept_when_it_is_used_again(service: Server, make: Any) -> None:
    assert make() is make()
