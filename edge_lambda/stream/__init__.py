"""The project stream: a live view of the annotated frames."""

from __future__ import annotations

from edge_lambda.stream.fifo import FifoWriter
from edge_lambda.stream.listen_address import ListenAddress
from edge_lambda.stream.project_stream import ProjectStream
from edge_lambda.stream.scene import FaceMark, Scene, Viewer
from edge_lambda.stream.stream_server import StreamServer

__all__ = [
    "FaceMark",
    "FifoWriter",
    "ListenAddress",
    "ProjectStream",
    "Scene",
    "StreamServer",
    "Viewer",
]
