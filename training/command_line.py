"""What the commands of this package share: option parsing, errors and exit codes."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from training.errors import TrainingError

__all__ = [
    "add_attributes_option",
    "add_photos_option",
    "command_parser",
    "positive_int",
    "run_command",
]

_INTERRUPTED = 130


def command_parser(module: str, documentation: str | None) -> argparse.ArgumentParser:
    """Return the parser of ``python -m module``.

    Parameters
    ----------
    module
        The module that is run.
    documentation
        Its docstring; the first line becomes the description in ``--help``.
    """
    description = (documentation or "").partition("\n")[0]
    return argparse.ArgumentParser(prog=f"python -m {module}", description=description)


def add_photos_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--photos``, which `training.data.photos.chosen_photos` interprets."""
    parser.add_argument(
        "--photos",
        help="folder or archive with labels.csv (path,smile), or none"
        " (default: photos-dev.tar.gz next to the data set)",
    )


def add_attributes_option(parser: argparse.ArgumentParser, columns: str) -> None:
    """Add ``--attributes``, a table of visible attributes of people.

    Parameters
    ----------
    parser
        Of the command.
    columns
        That name the picture.
    """
    parser.add_argument(
        "--attributes",
        type=Path,
        help=f"CSV with {columns} and a column (1 or 0) per visible attribute"
        " (default: keep the recorded metrics of the groups)",
    )


def positive_int(text: str) -> int:
    """Return a whole number of 1 or more; the ``type`` of an option.

    Raises
    ------
    argparse.ArgumentTypeError
        When the text is anything else.
    """
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected 1 or more, got {text!r}")
    return int(text)


def run_command(command: Callable[[], None]) -> None:
    """Run a command; turn an error into one line on stderr and an exit code.

    Parameters
    ----------
    command
        The entry point, called without arguments.

    Raises
    ------
    SystemExit
        With code 1 after a `TrainingError` or an `OSError` (no permission, disk full), with
        code 130 after Ctrl-C.
    """
    try:
        command()
    except TrainingError as error:
        sys.stderr.write(f"error: {error}\n")
        raise SystemExit(1) from error
    except OSError as error:
        path = "" if error.filename is None else f"{error.filename}: "
        sys.stderr.write(f"error: {path}{error.strerror or error}\n")
        raise SystemExit(1) from error
    except KeyboardInterrupt as error:
        sys.stderr.write("interrupted; run the same command again to continue\n")
        raise SystemExit(_INTERRUPTED) from error
