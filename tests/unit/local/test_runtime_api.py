"""The Lambda Runtime API, as the runtime interface client uses it."""

from __future__ import annotations

import http.client
import threading
import time

import pytest

from local.functions.runtime_api import Answer, Invocation, RuntimeApi
from tests.helpers.waiting import is_listening, wait_until

PREFIX = "/2018-06-01/runtime"


class Client:
    """A runtime interface client on one kept connection."""

    def __init__(self, api: RuntimeApi) -> None:
        self._connection = http.client.HTTPConnection(api.address, timeout=30)

    def next(self) -> tuple[http.client.HTTPResponse, bytes]:
        return self._request("GET", "/invocation/next")

    def post(self, path: str, body: bytes, *, chunked: bool = False) -> int:
        return self._request("POST", path, iter([body]) if chunked else body)[0].status

    def _request(
        self, method: str, path: str, body: object = None
    ) -> tuple[http.client.HTTPResponse, bytes]:
        self._connection.request(
            method, PREFIX + path, body, encode_chunked=not isinstance(body, bytes | None)
        )
        response = self._connection.getresponse()
        return response, response.read()


def invocation() -> Invocation:
    return Invocation(b'{"a": 1}', "arn:function", 3.0, "id-1")


def test_event_is_given_with_its_id_arn_and_deadline() -> None:
    api = RuntimeApi()
    api.submit(one := invocation())
    before = time.time()
    response, body = Client(api).next()
    assert api.initialized.result(1) is None
    assert one.started.is_set()
    assert body == b'{"a": 1}'
    assert response.headers["Lambda-Runtime-Aws-Request-Id"] == "id-1"
    assert response.headers["Lambda-Runtime-Invoked-Function-Arn"] == "arn:function"
    left_s = int(response.headers["Lambda-Runtime-Deadline-Ms"]) / 1000 - before
    assert 3 <= left_s + 0.001 < 8
    assert response.headers["Lambda-Runtime-Trace-Id"].startswith("Root=1-")
    api.close()


@pytest.mark.parametrize("chunked", [False, True])
def test_answer_is_what_the_function_returns(chunked: bool) -> None:
    api = RuntimeApi()
    api.submit(one := invocation())
    client = Client(api)
    client.next()
    large = b'"' + b"0" * 6 * 1024 * 1024 + b'"'
    assert client.post("/invocation/id-1/response", large, chunked=chunked) == 202
    assert one.answer.result(1) == Answer(large)
    api.close()


@pytest.mark.parametrize(
    ("body", "error_type", "message"),
    [
        (b'{"errorType": "ValueError", "errorMessage": "no"}', "ValueError", "ValueError: no"),
        (b'{"errorMessage": "no"}', "Unhandled", "Unhandled: no"),
        (b"[]", "Unhandled", "Unhandled"),
        (b"text", "Unhandled", "Unhandled"),
    ],
)
def test_answer_is_an_error_when_the_function_raises(
    body: bytes, error_type: str, message: str
) -> None:
    api = RuntimeApi()
    api.submit(one := invocation())
    client = Client(api)
    client.next()
    assert client.post("/invocation/id-1/error", body) == 202
    answer = one.answer.result(1)
    assert (answer.error_type, answer.error_message()) == (error_type, message)
    api.close()


def test_answer_is_refused_when_it_is_for_another_invocation() -> None:
    api = RuntimeApi()
    client = Client(api)
    assert client.post("/invocation/id-0/response", b"{}") == 400
    api.submit(one := invocation())
    client.next()
    assert client.post("/invocation/id-0/response", b"{}") == 400
    assert not one.answer.done()
    api.close()


def test_initialization_fails_when_the_handler_cannot_be_imported() -> None:
    api = RuntimeApi()
    error = b'{"errorType": "Runtime.ImportModuleError", "errorMessage": "no module"}'
    assert Client(api).post("/init/error", error) == 202
    failure = api.initialized.result(1)
    assert failure is not None
    assert failure.error_message() == "Runtime.ImportModuleError: no module"
    api.close()


def test_every_invocation_ends_when_the_process_does() -> None:
    api = RuntimeApi()
    running, waiting, late = invocation(), invocation(), invocation()
    api.submit(running)
    Client(api).next()
    api.submit(waiting)
    api.fail("Runtime.ExitError", "exit status 7")
    api.submit(late)
    for one in (running, waiting, late):
        assert one.started.is_set()
        assert one.answer.result(1).error_message() == "Runtime.ExitError: exit status 7"
    assert api.initialized.result(1) is None, "it was initialized before"
    api.close()


def test_initialization_ends_when_the_process_does() -> None:
    api = RuntimeApi()
    api.fail("Runtime.ExitError", "exit status 1")
    failure = api.initialized.result(1)
    assert failure is not None
    assert failure.error_type == "Runtime.ExitError"
    api.close()


def test_close_releases_a_client_that_waits() -> None:
    api = RuntimeApi()
    statuses: list[int] = []
    client = threading.Thread(target=lambda: statuses.append(Client(api).next()[0].status))
    client.start()
    api.initialized.result(30)
    api.close()
    client.join(30)
    assert statuses == [410]
    wait_until(lambda: not is_listening(int(api.address.partition(":")[2])))


def test_answer_has_no_error_message_when_there_was_no_error() -> None:
    assert Answer(b"{}").error_message() == ""
