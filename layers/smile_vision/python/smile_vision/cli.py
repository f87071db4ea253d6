"""The command ``python -m smile_vision``: it reads photos and prints a result for each."""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from smile_vision.errors import VisionError
from smile_vision.photos.annotate import check_folder, save_annotated
from smile_vision.photos.photo import load_photo
from smile_vision.photos.photo_smiles import PhotoResult, PhotoSmileDetector

__all__ = ["main"]

_EPILOG = """\
A box is [x, y, width, height] in pixels of the upright photo. The largest face comes first.
With --json each line is {"path", "width", "height", "faces": [{"box", "face_score",
"smile_score", "smiling"}]}, or {"path", "error"} when the photo cannot be read.

exit status:
  0  all photos were read
  1  a photo could not be read or a copy could not be written; all others are complete
  2  wrong usage, the output or the folder for copies cannot be written, or a model is missing
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    arguments
        Without the program's name. By default those of the process.

    Returns
    -------
    int
        Exit status.
    """
    options = _parse(sys.argv[1:] if arguments is None else arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # print any file name
    try:
        if options.annotate:
            check_folder(options.annotate)
        detector = PhotoSmileDetector.load()
    except VisionError as error:
        print(f"smile_vision: {error}", file=sys.stderr)  # noqa: T201
        return 2
    try:
        results = [_one(detector, path, options) for path in options.photos]
    except OSError as error:
        # The output cannot be written: a full disk, or a reader (head, less) that has closed it.
        # Without this, Python would try again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            return 1
        print(f"smile_vision: output: {error.strerror}", file=sys.stderr)  # noqa: T201
        return 2
    return 0 if all(results) else 1


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Accept flags anywhere; after ``--`` names may begin with a dash."""
    parser = _parser()
    return (
        parser.parse_args(arguments)
        if "--" in arguments
        else parser.parse_intermixed_args(arguments)
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m smile_vision",
        description="Find the faces in photos and score their smiles.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("photos", nargs="+", metavar="photo", help="image file")
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object per line and photo"
    )
    parser.add_argument(
        "--annotate",
        type=Path,
        metavar="DIR",
        help="also save copies with boxes and scores in this folder; never overwrites a file",
    )
    return parser


def _one(detector: PhotoSmileDetector, path: str, options: argparse.Namespace) -> bool:
    """Process one photo and print its result. Return whether there was no error."""
    try:
        photo = load_photo(Path(path))
        result = detector.detect(photo)
    except VisionError as error:
        line = json.dumps({"path": path, "error": str(error)}) if options.json else None
        print(line or f"{_printable(path)}: error: {error}", flush=True)  # noqa: T201
        return False
    as_json = {"path": path, **result.to_dict()}
    print(json.dumps(as_json) if options.json else _text(path, result), flush=True)  # noqa: T201
    try:
        if options.annotate:
            save_annotated(photo, result, Path(path), options.annotate)
    except VisionError as error:
        print(f"smile_vision: {_printable(path)}: {error}", file=sys.stderr)  # noqa: T201
        return False
    return True


def _text(path: str, result: PhotoResult) -> str:
    smiling = sum(face.smiling for face in result.faces)
    count = len(result.faces)
    faces = "no face" if not count else "1 face" if count == 1 else f"{count} faces"
    summary = f"{_printable(path)}: {result.width} x {result.height}, {faces}"
    lines = [f"{summary}, {smiling} smiling" if count else summary]
    for face in result.faces:
        x, y, width, height = face.box
        label = "smile" if face.smiling else "no smile"
        lines.append(
            f"  {label:<8}  smile {face.smile_score:.2f}  face {face.face_score:.2f}"
            f"  box {width} x {height} at {x}, {y}"
        )
    return "\n".join(lines)


def _printable(path: str) -> str:
    """Return a name that can neither forge lines nor control a terminal."""
    return path if path.isprintable() else ascii(path)
