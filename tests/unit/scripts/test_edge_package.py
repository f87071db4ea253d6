from __future__ import annotations

import subprocess
import zipfile
from pathlib import Path

import pytest

from scripts.deterministic_zip import pack

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "the processor is missing: ARCH=arm64 or ARCH=x86_64"),
        (["armv7"], "ARCH=armv7: expected arm64 or x86_64"),
        (["arm64", "2.7"], "PYTHON_VERSION=2.7: expected 3.11 to 3.14"),
    ],
)
def test_one_sentence_says_what_is_wrong(arguments: list[str], sentence: str) -> None:
    done = subprocess.run(
        [str(ROOT / "scripts" / "edge_package"), *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (2, f"edge-package: {sentence}\n")


def test_same_content_gives_the_same_bytes(tmp_path: Path) -> None:
    made = []
    for name in ("first", "second"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "b.txt").write_text("b")
        (folder / "a.sh").write_text("a")
        (folder / "a.sh").chmod(0o755)
        pack(folder, tmp_path / f"{name}.zip")
        made.append((tmp_path / f"{name}.zip").read_bytes())
    assert made[0] == made[1]
    with zipfile.ZipFile(tmp_path / "first.zip") as archive:
        assert [info.filename for info in archive.infolist()] == ["a.sh", "b.txt"]
        assert archive.getinfo("a.sh").external_attr >> 16 == 0o755
