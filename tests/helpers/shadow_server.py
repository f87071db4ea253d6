"""The local shadow service over HTTP, without a broker, and with faults on demand."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from werkzeug.wrappers import Response

from local.iot.shadow_http import ShadowHttp
from local.iot.shadow_service import ShadowService
from local.network.http_server import HttpServer
from local.network.ports import LOOPBACK, listen, port_of

Application = Callable[[Any, Any], Iterable[bytes]]


class Shadows:
    """The shadows of all devices, and what happens to requests for them.

    Attributes
    ----------
    requests : list of str
        The methods of all requests.
    before_update : callable
        Called once, before the next update.
    """

    def __init__(self) -> None:
        self.service = ShadowService(print)
        self.requests: list[str] = []
        self.before_update: Callable[[], object] | None = None
        self._failures: list[Response] = []
        self._failing = ""
        self._lost = 0
        self._http = ShadowHttp(self.service)

    def fail(self, status: int, code: str, times: int = 1000, method: str = "") -> None:
        """Answer the next requests, or those of one method, with an error of AWS."""
        self._failing = method
        headers = {"x-amzn-ErrorType": code}
        self._failures = [
            Response(f'{{"message": "{code}"}}', status, headers, content_type="application/json")
            for _ in range(times)
        ]

    def lose_answers(self, times: int) -> None:
        """Do what the next updates ask for, and answer that the service failed."""
        self._lost = times

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        method = environ["REQUEST_METHOD"]
        self.requests.append(method)
        if self._failures and self._failing in ("", method):
            return self._failures.pop()(environ, start_response)
        if method == "POST" and self.before_update is not None:
            act, self.before_update = self.before_update, None
            act()
        if method == "POST" and self._lost:
            self._lost -= 1
            b"".join(self._http(environ, lambda *_: lambda _: None))
            return Response("lost", 500)(environ, start_response)
        return self._http(environ, start_response)

    def update(self, device: str, **state: Any) -> None:
        """Change ``desired`` or ``reported`` as others do."""
        topic = f"$aws/things/{device}/shadow/name/settings/update"
        answers = self.service.request(topic, json.dumps({"state": state}).encode())
        assert f"{topic}/accepted" in answers, answers

    def state(self, device: str) -> dict[str, Any]:
        """Return ``desired`` and ``reported``; empty without a shadow."""
        topic = f"$aws/things/{device}/shadow/name/settings/get"
        answers = self.service.request(topic, b"")
        state: dict[str, Any] = answers.get(f"{topic}/accepted", {}).get("state", {})
        return state

    @property
    def updates(self) -> int:
        """How many updates were asked for over HTTP."""
        return self.requests.count("POST")


@contextmanager
def shadow_server() -> Iterator[tuple[str, Shadows]]:
    """Run the service; yield its URL and the shadows."""
    shadows, listening = Shadows(), listen([0], "")
    url = f"http://{LOOPBACK}:{port_of(listening)}"
    server = HttpServer(shadows, listening)
    try:
        yield url, shadows
    finally:
        server.close()
