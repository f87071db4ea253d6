from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest


@pytest.fixture
def write_video(tmp_path: Path) -> Callable[..., Path]:
    """Write frames whose grey level names them: frame i is grey 40 + `grey_step` i."""

    def write(  # noqa: PLR0917 - a name and a few wishes
        name: str = "clip.mp4",
        times_ms: list[int] | None = None,
        size: tuple[int, int] = (162, 90),
        codec: str = "mpeg4",
        has_light_corner: bool = False,
        grey_step: int = 4,
        **options: str,
    ) -> Path:
        path = tmp_path / name
        with av.open(str(path), "w", options=options) as container:
            stream = container.add_stream(codec, rate=25)
            stream.width, stream.height = size
            stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
            stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
            for index, at in enumerate(times_ms if times_ms is not None else range(0, 1000, 40)):
                level = np.full((size[1], size[0], 3), 40 + grey_step * index, dtype=np.uint8)
                if has_light_corner:
                    level[: size[1] // 2, : size[0] // 2] = 220
                frame = av.VideoFrame.from_ndarray(level, format="rgb24")
                frame.pts, frame.time_base = at, Fraction(1, 1000)
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        return path

    return write
