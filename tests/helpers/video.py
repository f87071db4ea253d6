"""Small videos for tests, and the clip that comes with the project."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

CLIP = Path(__file__).parents[2] / "local" / "clip" / "smiles.mp4"
STEP_MS = 40


def write_video(
    path: Path,
    pictures: Iterable[NDArray[np.uint8]],
    *,
    times_ms: Sequence[int] | None = None,
    codec: str = "mpeg4",
    rate: int = 25,
    **options: str,
) -> Path:
    """Encode RGB pictures, uint8 (H, W, 3), one every 40 ms or at `times_ms`; return `path`.

    `rate` is the frame rate that the file states, `options` are those of the container.
    """
    with av.open(str(path), "w", options=options) as container:
        stream = container.add_stream(codec, rate=rate)
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
        for index, pixels in enumerate(pictures):
            if not index:
                stream.height, stream.width = pixels.shape[:2]
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts = index * STEP_MS if times_ms is None else times_ms[index]
            frame.time_base = Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def grey_pictures(
    count: int = 25, size: tuple[int, int] = (162, 90), first: int = 40, step: int = 4
) -> list[NDArray[np.uint8]]:
    """Return pictures of `size` (width, height) px; picture i has the grey level first + step i."""
    levels = [first + step * index for index in range(count)]
    return [np.full((size[1], size[0], 3), level, dtype=np.uint8) for level in levels]


def still_video(path: Path) -> Path:
    """Write two seconds of video that show nobody; return `path`."""
    return write_video(path, grey_pictures(50, (320, 180), 90, 0))


def damaged_video(path: Path, damaged: Container[int], codec: str = "mjpeg") -> Path:
    """Write two seconds of noise, damage some frames and return `path`."""
    rng = np.random.default_rng(3)
    noise = (rng.integers(0, 255, (90, 160, 3), dtype=np.uint8) for _ in range(50))
    write_video(path, noise, codec=codec)
    content = bytearray(path.read_bytes())
    with av.open(str(path)) as container:
        spans = [(p.pos, p.size) for p in container.demux(video=0) if p.size]
    for index, (start, size) in enumerate(spans):
        if index in damaged and start is not None:
            content[start + 8 : start + size] = rng.bytes(size - 8)
    path.write_bytes(content)
    return path


def first_seconds(path: Path, seconds: float) -> Path:
    """Copy the first `seconds` of the bundled clip to `path`; return `path`."""
    with av.open(str(CLIP)) as whole, av.open(str(path), "w") as part:
        stream = part.add_stream_from_template(whole.streams.video[0])
        for packet in whole.demux(video=0):
            if packet.pts is None or packet.pts * packet.time_base > seconds:
                continue
            packet.stream = stream
            part.mux(packet)
    return path


def repeated_clip(path: Path, times: int) -> Path:
    """Copy the bundled clip `times` times to `path`, one after the other; return `path`."""
    with av.open(str(path), "w") as longer:
        shift, stream = 0, None
        for _ in range(times):
            with av.open(str(CLIP)) as whole:
                source = whole.streams.video[0]
                stream = stream or longer.add_stream_from_template(source)
                for packet in whole.demux(video=0):
                    if packet.pts is None or packet.dts is None:
                        continue
                    packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                    packet.stream = stream
                    longer.mux(packet)
                shift += source.duration or 0
    return path
