"""Measure the cost of the project stream: ``python -m bench.edge.stream clip.mp4``.

Runs the loop on a clip at full speed: without a stream, with one that nobody watches, and with one
watcher. The numbers are the processor time of all threads without the start. They are those of the
best of three runs, so a busy machine changes them little.
"""

from __future__ import annotations

import argparse
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from urllib.request import urlopen

from bench.edge.run_loop import make_vision, run_loop
from edge_lambda.faces.vision import SmileVision
from edge_lambda.stream import ListenAddress, ProjectStream, StreamServer
from edge_lambda.stream.drawing import SceneRenderer


def play(path: Path, vision: SmileVision, viewer: ProjectStream | None) -> str:
    """Run the loop over the clip three times; return the best numbers."""
    cpu_ms, rate = min(play_once(path, vision, viewer) for _ in range(3))
    return f"{cpu_ms:6.2f} ms per frame, {rate:6.1f} frames/s"


def play_once(path: Path, vision: SmileVision, viewer: ProjectStream | None) -> tuple[float, float]:
    """Run the loop over the clip; return ms of all threads per frame, and frames per second."""
    begun_s, begun_cpu_s = time.perf_counter(), time.process_time()
    frames = run_loop(path, vision, viewer).frames
    elapsed_s, cpu_s = time.perf_counter() - begun_s, time.process_time() - begun_cpu_s
    return cpu_s / frames * 1000, frames / elapsed_s


def watch(url: str) -> None:
    """Read the stream until it ends."""
    with urlopen(url) as response:  # noqa: S310 - our own server
        while response.read1(1 << 16):
            pass


def main() -> None:
    """Print a line for each case."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("clip", type=Path)
    path = parser.parse_args().clip
    vision = make_vision()
    print(f"no stream          {play(path, vision, None)}")
    with ExitStack() as cleanup:
        stream = ProjectStream(SceneRenderer("cam-1", 960).jpeg)
        server = StreamServer(stream, ListenAddress("127.0.0.1", 0), "cam-1")
        cleanup.callback(server.close)
        cleanup.callback(stream.close)
        print(f"nobody watches     {play(path, vision, stream)}")
        arguments = (server.url + "stream.mjpeg",)
        threading.Thread(target=watch, args=arguments, daemon=True).start()
        while not stream.is_watched:
            time.sleep(0.01)
        line = play(path, vision, stream)
        print(f"one watcher        {line}")


if __name__ == "__main__":
    main()
