from __future__ import annotations

import io
import logging
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from PIL import Image
from pydantic import SecretStr

from edge_lambda.settings import StreamSettings
from edge_lambda.stream.open import open_stream
from tests.helpers.scenes import get, grey_frame
from tests.helpers.waiting import wait_until

TOKEN = "correct-horse-battery"


def test_stream_is_off_when_there_is_neither_address_nor_fifo() -> None:
    with ExitStack() as cleanup:
        assert open_stream(StreamSettings(), "cam-1", cleanup) is None


def test_page_has_title_size_and_token_of_the_settings_until_the_end(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "edge_lambda")
    settings = StreamSettings(address="127.0.0.1:0", token=SecretStr(TOKEN), max_px=200)
    with ExitStack() as cleanup:
        stream = open_stream(settings, "cam-1", cleanup)
        assert stream is not None
        (record,) = [vars(r) for r in caplog.records if r.message == "stream started"]
        assert record["needs_token"] is True
        port = int(record["url"].rstrip("/").rpartition(":")[2])
        assert get(port, "/")[0].status == 403
        assert b"<h1>cam-1</h1>" in get(port, f"/?token={TOKEN}")[1]
        with stream.watching():
            stream.show(grey_frame(), [])
            _, jpeg = stream.newer_than(0, 10) or (0, b"")
        assert Image.open(io.BytesIO(jpeg)).size == (200, 112)
    assert stream.is_closed
    with pytest.raises(OSError):
        get(port, "/")


def test_pictures_are_limited_to_the_rate_of_the_settings(tmp_path: Path) -> None:
    settings = StreamSettings(fifo=tmp_path / "f", max_frames_per_s=5)
    with ExitStack() as cleanup:
        stream = open_stream(settings, "cam-1", cleanup)
        assert stream is not None
        assert (tmp_path / "f").is_fifo()
        with stream.watching():
            stream.show(grey_frame(), [])
            wait_until(lambda: stream.newer_than(0, 0))
            begun = time.monotonic()
            stream.show(grey_frame(), [])
            wait_until(lambda: stream.newer_than(1, 0))
        assert time.monotonic() - begun > 0.1
