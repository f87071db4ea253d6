"""Frames and HTTP requests for the tests of the project stream."""

from __future__ import annotations

import http.client
import io

import av
import numpy as np
from PIL import Image

from edge_lambda.camera import Frame
from edge_lambda.stream import ListenAddress
from tests.helpers.waiting import LOOPBACK

LOOPBACK_ADDRESS = ListenAddress(LOOPBACK, 0)


def grey_frame(level: int = 90, size: tuple[int, int] = (640, 360)) -> Frame:
    """Return a plain frame of `size` (width, height) px."""
    pixels = np.full((size[1], size[0], 3), level, dtype=np.uint8)
    return Frame(0, 0.0, av.VideoFrame.from_ndarray(pixels, format="rgb24"))


def grey_level(jpeg: bytes) -> int:
    """Return the grey level in the upper left corner."""
    return int(np.asarray(Image.open(io.BytesIO(jpeg)).convert("L"))[5, 5])


def get(
    port: int, path: str, method: str = "GET", **headers: str
) -> tuple[http.client.HTTPResponse, bytes]:
    """Return the response of a server on the loopback address, and its body."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=10)
    connection.request(method, path, headers=headers)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response, body


def read_parts(port: int, count: int, path: str = "/stream.mjpeg") -> list[bytes]:
    """Return the first `count` pictures of a motion JPEG; fail the test when it is malformed."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=10)
    connection.request("GET", path)
    response = connection.getresponse()
    assert response.headers["Content-Type"] == "multipart/x-mixed-replace; boundary=frame"
    parts = []
    for _ in range(count):
        assert response.readline() == b"--frame\r\n"
        assert response.readline() == b"Content-Type: image/jpeg\r\n"
        length = int(response.readline().removeprefix(b"Content-Length: "))
        assert response.readline() == b"\r\n"
        parts.append(response.read(length))
        assert response.readline() == b"\r\n"
    connection.close()
    return parts
