"""The command ``python -m smile_vision``: it reads photos and prints a result for each."""

from __future__ import annotations

import argparse
import io
import json
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from smile_vision.errors import VisionError
from smile_vision.photos.annotate import check_folder, save_annotated
from smile_vision.photos.photo import read_photo
from smile_vision.photos.photo_smiles import PhotoResult, PhotoSmileDetector

__all__ = ["main"]

_EPILOG = """\
Each photo gets a line with the decision on its main face, and the score from 0 to 1:
  photo.jpg: not smiling (0.02)
  group.jpg: smiling (0.97), main face of 2
    not smiling (0.11) at 40, 60
  mask.jpg: cannot tell (mouth hidden)
The main face is the largest one that the edge of the photo does not cut. It comes first. Further
faces follow with the upper left corner of their box in pixels of the upright photo. A face has no
score when its mouth is hidden, or when it is cut off, too small, turned away, or too dark or flat.

With --json each line is {"path", "width", "height", "first_frame_only", "faces": [{"box",
"face_score", "smile_score", "smiling", "quality"}]}, or {"path", "error"} when the photo cannot be
read. A box is [x, y, width, height]. The quality is "good", or says why the face has no score; then
smile_score and smiling are null.

Of an animated picture or a file with several pages, only the first one is read; the line says so.
HEIC photos need the package pillow-heif.

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
    logging.getLogger("PIL").addHandler(logging.NullHandler())  # the photo's line is enough
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
        photo = read_photo(Path(path))
        result = detector.detect(photo.image, first_frame_only=photo.first_frame_only)
    except (VisionError, MemoryError) as error:
        reason = str(error) or "not enough memory for the image"
        line = json.dumps({"path": path, "error": reason}) if options.json else None
        print(line or f"{_printable(path)}: error: {reason}", flush=True)  # noqa: T201
        return False
    as_json = {"path": path, **result.to_dict()}
    print(json.dumps(as_json) if options.json else _text(path, result), flush=True)  # noqa: T201
    try:
        if options.annotate:
            save_annotated(photo.image, result, Path(path), options.annotate)
    except VisionError as error:
        print(f"smile_vision: {_printable(path)}: {error}", file=sys.stderr)  # noqa: T201
        return False
    return True


def _text(path: str, result: PhotoResult) -> str:
    """Return a line for the photo, and one for each face but the main one."""
    main_face, others = result.faces[:1], result.faces[1:]
    parts = [main_face[0].decision if main_face else "no face"]
    if others:
        parts.append(f"main face of {len(result.faces)}")
    if result.first_frame_only:
        parts.append("first frame only")
    lines = [f"{_printable(path)}: {', '.join(parts)}"]
    lines += [f"  {face.decision} at {face.box[0]}, {face.box[1]}" for face in others]
    return "\n".join(lines)


def _printable(path: str) -> str:
    """Return a name that can neither forge lines nor control a terminal."""
    return path if path.isprintable() else ascii(path)
