"""The command ``python -m smile_vision``: photos in, one line each out."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from smile_vision.annotate import save_annotated
from smile_vision.errors import VisionError
from smile_vision.photo import load_photo
from smile_vision.photo_smiles import PhotoResult, PhotoSmileDetector

__all__ = ["main"]

_EPILOG = """\
A box is [x, y, width, height] in pixels of the upright photo; faces come largest first.
With --json each line is {"path", "width", "height", "faces": [{"box", "face_score",
"smile_score", "smiling"}]} or, when the photo cannot be read, {"path", "error"}.

exit status: 0 all photos were read; 1 some were not (the others are done all the same);
2 wrong usage, or a model or the interpreter is missing.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    arguments
        Without the program's name; those of the process by default.

    Returns
    -------
    int
        Exit status.
    """
    options = _parser().parse_intermixed_args(arguments)
    try:
        detector = PhotoSmileDetector.load()
    except VisionError as error:
        print(f"smile_vision: {error}", file=sys.stderr)  # noqa: T201
        return 2
    try:
        results = [_one(detector, path, options) for path in options.photos]
    except BrokenPipeError:
        # The reader (head, less) has seen enough; keep Python's exit from trying again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130
    return 0 if all(results) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m smile_vision",
        description="Find the faces in photos and tell which of them smile.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("photos", nargs="+", metavar="photo", help="image file")
    parser.add_argument("--json", action="store_true", help="one JSON object a line and photo")
    parser.add_argument(
        "--annotate",
        type=Path,
        metavar="DIR",
        help="also write copies with boxes and scores drawn on them to this folder",
    )
    return parser


def _one(detector: PhotoSmileDetector, path: str, options: argparse.Namespace) -> bool:
    """Judge one photo and print its line; tell whether all went well."""
    try:
        photo = load_photo(Path(path))
        result = detector.judge(photo)
        if options.annotate:
            save_annotated(photo, result, Path(path), options.annotate)
    except VisionError as error:
        line = json.dumps({"path": path, "error": str(error)}) if options.json else None
        print(line or f"{_printable(path)}: error: {error}", flush=True)  # noqa: T201
        return False
    as_json = {"path": path, **result.to_dict()}
    print(json.dumps(as_json) if options.json else _text(path, result), flush=True)  # noqa: T201
    return True


def _text(path: str, result: PhotoResult) -> str:
    smiling = sum(face.smiling for face in result.faces)
    count = len(result.faces)
    faces = "no face" if not count else "1 face" if count == 1 else f"{count} faces"
    summary = f"{_printable(path)}: {result.width} x {result.height}, {faces}"
    lines = [f"{summary}, {smiling} smiling" if count else summary]
    for face in result.faces:
        x, y, width, height = face.box
        verdict = "smile" if face.smiling else "no smile"
        lines.append(
            f"  {verdict:<8}  smile {face.smile_score:.2f}  face {face.face_score:.2f}"
            f"  box {width} x {height} at {x}, {y}"
        )
    return "\n".join(lines)


def _printable(path: str) -> str:
    return path.encode(errors="replace").decode()
