"""A stand-in for AWS that answers at once: an empty table, and a topic and queues that take all.

The same short answers in every run keep the time of a store out of the measurement.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

from werkzeug.wrappers import Request, Response

from local.network.http_server import HttpServer
from local.network.ports import LOOPBACK, listen, port_of

_PUBLISHED = """<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult>
<MessageId>00000000-0000-0000-0000-000000000000</MessageId></PublishResult></PublishResponse>"""


def answer(target: str) -> Response:
    """Return the answer to an action, which `target` names; an empty one for SNS."""
    if not target:
        return Response(_PUBLISHED, content_type="text/xml")
    found = {"Items": [], "Count": 0, "ScannedCount": 0} if target.endswith(".Query") else {}
    return Response(json.dumps(found), content_type="application/x-amz-json-1.0")


@Request.application
def _application(request: Request) -> Response:
    request.get_data()
    return answer(request.headers.get("X-Amz-Target", ""))


@contextmanager
def stub_aws() -> Iterator[str]:
    """Serve the stand-in; yield its URL."""
    listening = listen([0], "")
    server = HttpServer(_application, listening)
    try:
        yield f"http://{LOOPBACK}:{port_of(listening)}"
    finally:
        server.close()
