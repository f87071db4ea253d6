from __future__ import annotations

import threading
import time

import pytest

from edge_lambda.stream import FaceMark, ProjectStream, Scene
from tests.helpers.scenes import grey_frame
from tests.helpers.waiting import wait_until


def count_of_frames(scene: Scene) -> bytes:
    return str(len(scene.faces)).encode()


def faces(count: int) -> list[FaceMark]:
    return [FaceMark((0, 0, 1, 1), 0.5, number, is_smiling=True) for number in range(count)]


def test_watcher_gets_the_newest_frame_when_drawing_is_slow() -> None:
    def encode(scene: Scene) -> bytes:
        time.sleep(0.1)
        return count_of_frames(scene)

    stream = ProjectStream(encode, 1000)
    with stream.watching():
        for count in range(20):
            stream.show(grey_frame(), faces(count))
            time.sleep(0.002)
        wait_until(lambda: (stream.newer_than(0, 1) or (0, b""))[1] == b"19")
        number, _ = stream.newer_than(0, 1) or (0, b"")
    assert number < 10  # most frames were replaced before they were drawn
    stream.close()


def test_stream_continues_when_one_frame_cannot_be_drawn(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def encode(scene: Scene) -> bytes:
        if not scene.faces:
            raise ValueError("odd")
        return b"picture"

    stream = ProjectStream(encode, 1000)
    with stream.watching():
        stream.show(grey_frame(), [])
        wait_until(lambda: "picture failed" in caplog.messages)
        stream.show(grey_frame(), faces(1))
        assert stream.newer_than(0, 10) == (1, b"picture")
    stream.close()


def test_picture_is_dropped_when_the_last_watcher_leaves() -> None:
    stream = ProjectStream(count_of_frames, 1000)
    with stream.watching():
        stream.show(grey_frame(), faces(1))
        assert stream.newer_than(0, 10) == (1, b"1")
    assert not stream.is_watched
    assert stream.newer_than(0, 0) is None
    stream.close()


def test_picture_is_dropped_when_the_last_watcher_leaves_while_it_is_drawn() -> None:
    is_drawing, may_end = threading.Event(), threading.Event()

    def encode(_: Scene) -> bytes:
        is_drawing.set()
        may_end.wait(10)
        return b"picture"

    stream = ProjectStream(encode, 1000)
    with stream.watching():
        stream.show(grey_frame(), [])
        is_drawing.wait(10)
    may_end.set()
    assert stream.newer_than(0, 0.2) is None
    stream.close()


def test_waiting_ends_without_a_picture_when_the_stream_closes() -> None:
    stream = ProjectStream(count_of_frames, 1000)
    stream.close()
    begun = time.monotonic()
    assert stream.newer_than(0, 10) is None
    assert stream.is_closed
    assert time.monotonic() - begun < 5


def test_pictures_come_no_faster_than_the_limit() -> None:
    stream = ProjectStream(count_of_frames, max_frames_per_s=20)
    begun, number = time.monotonic(), 0
    with stream.watching():
        while number < 5:
            stream.show(grey_frame(), [])
            number, _ = stream.newer_than(number, 0.005) or (number, b"")
    assert time.monotonic() - begun >= 4 / 20
    stream.close()


@pytest.mark.parametrize("rate", [24.5, None])
def test_frame_rate_in_the_picture_is_that_of_the_loop(rate: float | None) -> None:
    shown: list[float | None] = []

    def encode(scene: Scene) -> bytes:
        shown.append(scene.frame_rate)
        return b"picture"

    stream = ProjectStream(encode, 1000)
    stream.show(grey_frame(), [], rate)
    wait_until(lambda: shown == [rate])
    stream.close()
