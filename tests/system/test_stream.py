"""The live view of the command, with an HTTP client and a browser."""

from __future__ import annotations

import io
import json
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import numpy as np
import pytest
from PIL import Image

from tests.helpers.video import CLIP
from tests.helpers.waiting import LOOPBACK

pytestmark = pytest.mark.system
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    command = [sys.executable, "-m", "edge_lambda", "--source", str(CLIP), "--realtime"]
    command += ["--device-id", "cam-1", "--stream", "127.0.0.1:0"]
    edge = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert edge.stderr is not None
    for line in edge.stderr:
        record = json.loads(line)
        if record["message"] == "stream started":
            break
    yield record["url"]
    edge.terminate()
    edge.communicate(timeout=20)
    assert edge.returncode == 0


def test_snapshot_and_motion_jpeg_show_the_clip(url: str) -> None:
    with urlopen(url + "snapshot.jpg", timeout=20) as response:
        picture = Image.open(io.BytesIO(response.read()))
    assert max(picture.size) == 960
    with urlopen(url + "stream.mjpeg", timeout=20) as response:
        head = response.read(100_000)
    assert head.count(b"--frame\r\nContent-Type: image/jpeg\r\n") >= 1


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is missing")
def test_browser_shows_boxes_around_faces(url: str, tmp_path: Path) -> None:
    shot = tmp_path / "page.png"
    with tempfile.TemporaryDirectory() as profile:
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--window-size=1100,800"]
        options += [f"--user-data-dir={profile}", f"--screenshot={shot}"]
        subprocess.run(
            [str(CHROMIUM), *options, "--virtual-time-budget=3000", url],
            capture_output=True,
            timeout=120,
            check=True,
        )
    pixels = np.asarray(Image.open(shot).convert("RGB")).astype(int)
    smiling = np.abs(pixels - (46, 204, 113)).max(axis=2) < 40
    neutral = np.abs(pixels - (230, 126, 34)).max(axis=2) < 40
    assert max(smiling.sum(), neutral.sum()) > 500
    assert np.ptp(pixels, axis=(0, 1)).min() > 150  # not an empty page


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "edge_lambda", "--source", str(CLIP), *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_one_line_says_that_the_port_is_in_use() -> None:
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
        done = run("--stream", f"127.0.0.1:{port}")
    assert done.returncode == 2
    assert done.stderr == (
        f"edge_lambda: stream.address: port {port} is in use: "
        "choose another one, or 0 for any free port\n"
    )


def test_one_line_asks_for_a_token_when_other_machines_could_connect() -> None:
    done = run("--stream", "0.0.0.0:0")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "stream.token" in done.stderr
