"""The device shadows over HTTP, as the data endpoint of AWS IoT serves them to programs.

"Device Shadow REST API", AWS IoT Core Developer Guide.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from local.iot.shadow_document import MAX_BYTES, Document
from local.iot.shadow_service import ShadowService

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_ACTIONS = {"GET": "get", "POST": "update", "DELETE": "delete"}
_MAX_BODY_BYTES = 2 * MAX_BYTES  # desired and reported in one request
# Shapes of the service model, by the code of a rejection.
_ERRORS = {
    HTTPStatus.BAD_REQUEST: "InvalidRequestException",
    HTTPStatus.NOT_FOUND: "ResourceNotFoundException",
    HTTPStatus.METHOD_NOT_ALLOWED: "MethodNotAllowedException",
    HTTPStatus.CONFLICT: "ConflictException",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "RequestEntityTooLargeException",
}
_PATHS = Map([Rule("/things/<thing>/shadow", methods=[*_ACTIONS])])


class ShadowHttp:
    """``/things/{thing}/shadow``, a WSGI application. Updates reach devices over the broker."""

    def __init__(self, shadows: ShadowService) -> None:
        self._shadows = shadows

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request (WSGI)."""
        request = Request(environ)
        request.max_content_length = _MAX_BODY_BYTES
        try:
            _, values = _PATHS.bind_to_environ(environ).match()
            response = self._answer(request, values["thing"])
        except HTTPException as error:
            response = _rejection(error.code or HTTPStatus.BAD_REQUEST, error.name)
        response.headers["x-amzn-RequestId"] = str(uuid.uuid4())
        return response(environ, start_response)

    def _answer(self, request: Request, thing: str) -> Response:
        action, name = _ACTIONS[request.method], request.args.get("name")
        shadow = f"$aws/things/{thing}/shadow" + (f"/name/{name}" if name else "")
        payload = request.get_data() if action == "update" else b""
        answers = self._shadows.request(f"{shadow}/{action}", payload)
        rejected = answers.get(f"{shadow}/{action}/rejected")
        if rejected is not None:
            return _rejection(rejected["code"], rejected["message"])
        accepted = answers.get(f"{shadow}/{action}/accepted")
        if accepted is None:
            return _rejection(HTTPStatus.BAD_REQUEST, "Invalid shadow name")
        return _json(accepted, HTTPStatus.OK)


def _rejection(code: int, message: str) -> Response:
    response = _json({"message": message}, code)
    response.headers["x-amzn-ErrorType"] = _ERRORS.get(HTTPStatus(code), "InvalidRequestException")
    return response


def _json(document: Document, status: int) -> Response:
    body = json.dumps(document, separators=(",", ":"))
    return Response(body, status, content_type="application/json")
