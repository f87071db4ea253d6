from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from edge_lambda.stream import FaceMark, ListenAddress, ProjectStream, Scene, StreamServer
from edge_lambda.stream.drawing import SceneRenderer
from tests.helpers.scenes import LOOPBACK_ADDRESS, grey_frame

FACE = FaceMark((0.25, 0.25, 0.5, 0.5), 0.93, 7, is_smiling=True)


@pytest.fixture
def drawn() -> list[Scene]:
    """Collect the scenes that `stream` has drawn."""
    return []


@pytest.fixture
def stream(drawn: list[Scene]) -> Iterator[ProjectStream]:
    renderer = SceneRenderer("cam-1", 320)

    def encode(scene: Scene) -> bytes:
        drawn.append(scene)
        return renderer.jpeg(scene)

    made = ProjectStream(encode, max_frames_per_s=1000)
    yield made
    made.close()


@pytest.fixture
def camera(stream: ProjectStream) -> Iterator[Callable[[], int]]:
    """Show frames as the loop does, each a little lighter; return how many there were."""
    count = 0
    stopped = threading.Event()

    def run() -> None:
        nonlocal count
        while not stopped.wait(0.005):
            count += 1
            if stream.is_watched:
                stream.show(grey_frame(count % 200), [FACE])

    thread = threading.Thread(target=run)
    thread.start()
    yield lambda: count
    stopped.set()
    thread.join()


@pytest.fixture
def serve(stream: ProjectStream) -> Iterator[Callable[..., StreamServer]]:
    """Start servers of `stream` that end with the test."""
    servers = []

    def start(address: ListenAddress = LOOPBACK_ADDRESS, token: str | None = None) -> StreamServer:
        servers.append(StreamServer(stream, address, "cam-1", token))
        return servers[-1]

    yield start
    for server in servers:
        server.close()
