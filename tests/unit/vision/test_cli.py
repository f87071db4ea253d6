"""What `python -m smile_vision` prints, writes and returns."""

from __future__ import annotations

import json
import os
import re
import signal
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from smile_vision.cli import main
from smile_vision.errors import ImageError
from smile_vision.faces import weights
from smile_vision.photos.photo import load_photo
from smile_vision.photos.photo_smiles import PhotoResult, PhotoSmileDetector
from smile_vision.smiles.classifier import Classified, SmileClassifier
from tests.helpers.synthetic_photos import synthetic_photo


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Return a folder with ``two.png``, two faces, and ``turned.jpg``, stored on its side."""
    synthetic_photo([(40, 60, 300, True), (400, 150, 180, False)]).save(tmp_path / "two.png")
    exif = Image.Exif()
    exif[274] = 6  # rotate clockwise for display
    lying = synthetic_photo([(100, 150, 240, True)], (480, 640)).transpose(
        Image.Transpose.ROTATE_90
    )
    lying.save(tmp_path / "turned.jpg", exif=exif)
    return tmp_path


def test_every_photo_gets_a_line_when_some_cannot_be_read(photos: Path) -> None:
    (photos / "notes.jpg").write_text("no image")
    names = ["missing.jpg", "two.png", "notes.jpg", "turned.jpg"]
    done = subprocess.run(
        [sys.executable, "-m", "smile_vision", *names, "--json"],
        cwd=photos,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, "")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["path"] for line in lines] == names
    assert [set(line) for line in lines[::2]] == [{"path", "error"}] * 2
    two, turned = lines[1], lines[3]
    assert set(two) == {"path", "width", "height", "first_frame_only", "faces"}
    assert (two["width"], two["height"]) == (640, 480)
    assert [face["smiling"] for face in two["faces"]] == [True, False]
    assert (turned["width"], turned["height"]) == (480, 640)
    (face,) = turned["faces"]
    assert set(face) == {"box", "face_score", "smile_score", "smiling", "quality"}
    assert face["quality"] == "good"
    assert all(isinstance(side, int) for side in face["box"])
    x, y, width, height = face["box"]
    assert 100 < x < 220 < x + width < 340  # px of the upright photo
    assert 150 < y < 290 < y + height < 400
    assert 0 <= face["smile_score"] <= 1


def test_text_is_one_decision_and_one_number_when_the_photo_has_one_face(
    photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (face,) = PhotoSmileDetector.load().read(photos / "turned.jpg").faces
    assert main([str(photos / "turned.jpg")]) == 0
    assert capsys.readouterr().out == f"{photos}/turned.jpg: smiling ({face.smile_score:.2f})\n"


def test_text_has_a_line_for_the_main_face_and_short_ones_for_the_others(
    photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main_face, other = PhotoSmileDetector.load().read(photos / "two.png").faces
    assert main([str(photos / "two.png")]) == 0
    assert capsys.readouterr().out == (
        f"{photos}/two.png: smiling ({main_face.smile_score:.2f}), main face of 2\n"
        f"  not smiling ({other.smile_score:.2f}) at {other.box[0]}, {other.box[1]}\n"
    )


def test_output_says_that_only_the_first_frame_was_read_when_the_picture_is_animated(
    photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    still = synthetic_photo([(100, 50, 300, True)])
    wall = Image.new("RGB", still.size, 200)
    still.save(photos / "film.gif", save_all=True, append_images=[wall])
    wall.save(photos / "wall.webp", save_all=True, append_images=[still])
    assert main([str(photos / "film.gif"), str(photos / "wall.webp")]) == 0
    film, nobody = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r".*film.gif: smiling \(0\.\d\d\), first frame only", film)
    assert nobody.endswith("wall.webp: no face, first frame only")
    assert main([str(photos / "film.gif"), str(photos / "two.png"), "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["first_frame_only"] for line in lines] == [True, False]


@pytest.mark.parametrize("error", [ImageError("is damaged"), MemoryError()])
def test_next_photo_is_read_when_the_search_fails(
    error: Exception,
    photos: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    detect = PhotoSmileDetector.detect

    def fail_once(self: PhotoSmileDetector, photo: Image.Image, **options: bool) -> PhotoResult:
        if photo.size == (480, 640):
            raise error
        return detect(self, photo, **options)

    monkeypatch.setattr(PhotoSmileDetector, "detect", fail_once)
    assert main([str(photos / "turned.jpg"), str(photos / "two.png")]) == 1
    failed, found, _ = capsys.readouterr().out.splitlines()
    reason = str(error) or "not enough memory for the image"
    assert failed == f"{photos}/turned.jpg: error: {reason}"
    assert found.startswith(f"{photos}/two.png: smiling")


def test_photo_without_a_face_is_no_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.new("L", (50, 50), 200).save(tmp_path / "wall.png")
    assert main([str(tmp_path / "wall.png"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "path": f"{tmp_path}/wall.png",
        "width": 50,
        "height": 50,
        "first_frame_only": False,
        "faces": [],
    }
    assert main([str(tmp_path / "wall.png")]) == 0
    assert capsys.readouterr().out == f"{tmp_path}/wall.png: no face\n"


def test_copies_are_annotated_and_nothing_is_overwritten(
    photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = photos / "new" / "copies"
    before = (photos / "two.png").read_bytes()
    for _ in range(2):
        assert main([str(photos / "two.png"), "--annotate", str(folder)]) == 0
    assert sorted(path.name for path in folder.iterdir()) == ["two-smile-2.jpg", "two-smile.jpg"]
    assert (photos / "two.png").read_bytes() == before
    copy = load_photo(folder / "two-smile.jpg")
    assert copy.size == (640, 480)
    colours = {copy.getpixel((x, y)) for x in range(0, 640, 2) for y in range(0, 480, 2)}
    assert any(isinstance(c, tuple) and c[1] > 180 and c[0] < 90 for c in colours)  # the green box


def test_no_photo_is_read_when_the_folder_for_copies_cannot_be_written(
    photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (photos / "file").touch()
    assert main([str(photos / "two.png"), "--json", "--annotate", str(photos / "file")]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith(f"smile_vision: --annotate {photos / 'file'}: ")


def test_result_is_printed_when_the_copy_cannot_be_written(
    photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    long = photos / f"{'n' * 250}.png"  # with "-smile.jpg" longer than a name may be
    (photos / "two.png").rename(long)
    assert main([str(long), "--json", "--annotate", str(photos / "copies")]) == 1
    printed = capsys.readouterr()
    assert len(json.loads(printed.out)["faces"]) == 2
    assert "annotated copy cannot be written" in printed.err


def test_photo_is_read_when_its_name_begins_with_a_dash(
    photos: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (photos / "two.png").rename(photos / "-two.png")
    monkeypatch.chdir(photos)
    assert main(["--json", "--", "-two.png"]) == 0
    assert json.loads(capsys.readouterr().out)["path"] == "-two.png"


def test_every_photo_is_read_when_a_name_cannot_be_printed(photos: Path) -> None:
    (photos / "turned.jpg").rename(photos / "ü\n\x1b[31m.jpg")
    done = subprocess.run(
        [sys.executable, "-m", "smile_vision", "ü\n\x1b[31m.jpg", "two.png"],
        cwd=photos,
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout
    assert "\ntwo.png: smiling (" in done.stdout


def test_one_line_says_that_the_output_cannot_be_written(photos: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "smile_vision", str(photos / "two.png")],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr) == (2, "smile_vision: output: No space left on device\n")


def test_one_line_says_that_the_weights_are_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(weights, "DISTRIBUTION", "no-such-distribution")
    assert main(["photo.jpg"]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("smile_vision: face_detection_")
    assert output.err.count("\n") == 1


def test_usage_is_printed_when_no_photo_is_given(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([])
    assert stopped.value.code == 2
    assert "photo" in capsys.readouterr().err


def test_flags_are_accepted_between_photos(
    photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(photos / "two.png"), "--json", str(photos / "turned.jpg")]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [Path(line["path"]).name for line in lines] == ["two.png", "turned.jpg"]


def test_text_says_why_a_photo_cannot_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "missing.jpg")]) == 1
    assert capsys.readouterr().out == f"{tmp_path}/missing.jpg: error: no such file\n"


def test_damaged_photo_is_one_line_when_pillow_logs_an_error(tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "photo.tif")
    content = (tmp_path / "photo.tif").read_bytes()
    tag = struct.pack("<HHI", 277, 3, 1)  # samples per pixel
    assert content.count(tag) == 1
    place = content.index(tag) + len(tag)
    damaged = content[:place] + struct.pack("<H", 2048) + content[place + 2 :]
    (tmp_path / "photo.tif").write_bytes(damaged)
    done = subprocess.run(
        [sys.executable, "-m", "smile_vision", "photo.tif"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith("photo.tif: error: ")
    assert done.stdout.count("\n") == 1


def test_scores_are_rounded_to_4_digits(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main([str(photos / "two.png"), "--json"])
    exact = PhotoSmileDetector.load().read(photos / "two.png").faces
    printed = json.loads(capsys.readouterr().out)["faces"]
    for name in ("face_score", "smile_score"):
        assert [face[name] for face in printed] == [round(getattr(f, name), 4) for f in exact]
        assert [face[name] for face in printed] != [getattr(f, name) for f in exact]


@pytest.mark.parametrize("score", [0.4999, 0.5])
def test_face_smiles_from_the_threshold_of_the_model_card_on(
    score: float, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        SmileClassifier,
        "classify",
        lambda self, crops: Classified(
            np.full(len(crops), score), np.ones(len(crops), bool), np.zeros(len(crops))
        ),
    )
    result = PhotoSmileDetector.load().read(photos / "two.png")
    assert [face.smiling for face in result.faces] == [score >= 0.5] * 2


def start(photos: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "smile_vision", *arguments],
        cwd=photos,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_command_ends_silently_when_the_reader_closes_the_output(photos: Path) -> None:
    with start(photos, "two.png", "two.png", "two.png") as process:
        assert process.stdout is not None
        process.stdout.close()  # as head does
        assert process.wait(60) == 1
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_command_ends_silently_on_ctrl_c(photos: Path) -> None:
    with start(photos, "two.png", *["turned.jpg"] * 500) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == -signal.SIGINT
        assert process.stderr is not None
        assert process.stderr.read() == ""
