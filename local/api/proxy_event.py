"""The event that API Gateway gives a function: Lambda proxy integration, format 1.0.

Source: "Input format of a Lambda function for proxy integration", API Gateway Developer Guide.
"""

from __future__ import annotations

import base64
import time
import uuid
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from werkzeug.wrappers import Request

from local.cloudformation.api_spec import ApiSpec
from local.cloudformation.physical import ACCOUNT_ID, API_ID


def proxy_event(
    request: Request, body: bytes, spec: ApiSpec, resource: str, parameters: Mapping[str, str]
) -> dict[str, Any]:
    """Return the event of one request.

    Parameters
    ----------
    request : Request
        The HTTP request.
    body : bytes
        Its body.
    spec : ApiSpec
        The API: its stage and its binary media types.
    resource : str
        The route's path with its braces.
    parameters : Mapping of str to str
        Path parameters, decoded.
    """
    headers: dict[str, list[str]] = {}
    for name, value in request.headers:
        headers.setdefault(name, []).append(value)
    query = {name: request.args.getlist(name) for name in request.args}
    binary = any(fnmatchcase(request.mimetype, kind) for kind in spec.binary_media_types)
    text = base64.b64encode(body).decode() if binary else body.decode("utf-8", "replace")
    return {
        "resource": resource,
        "path": raw_path(request),
        "httpMethod": request.method,
        "headers": {name: values[-1] for name, values in headers.items()},
        "multiValueHeaders": headers,
        "queryStringParameters": {k: v[-1] for k, v in query.items()} or None,
        "multiValueQueryStringParameters": query or None,
        "pathParameters": dict(parameters) or None,
        "stageVariables": None,
        "requestContext": _context(request, spec, resource),
        "body": text if body else None,
        "isBase64Encoded": bool(binary and body),
    }


def raw_path(request: Request) -> str:
    """Return the path as sent: API Gateway leaves its percent signs in ``path``."""
    return str(request.environ["REQUEST_URI"]).partition("?")[0]


def _context(request: Request, spec: ApiSpec, resource: str) -> dict[str, Any]:
    now = time.time()
    return {
        "accountId": ACCOUNT_ID,
        "apiId": API_ID,
        "domainName": request.host,
        "domainPrefix": API_ID,
        "extendedRequestId": uuid.uuid4().hex,
        "httpMethod": request.method,
        "identity": {
            "apiKey": request.headers.get("x-api-key"),
            "apiKeyId": API_ID if "x-api-key" in request.headers else None,
            "sourceIp": request.remote_addr,
            "userAgent": request.headers.get("User-Agent"),
        },
        "path": raw_path(request),  # without the stage, as behind a custom domain name
        "protocol": "HTTP/1.1",
        "requestId": str(uuid.uuid4()),
        "requestTime": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(now)),
        "requestTimeEpoch": int(now * 1000),
        "resourceId": uuid.uuid5(uuid.NAMESPACE_URL, resource).hex[:6],
        "resourcePath": resource,
        "stage": spec.stage,
    }
