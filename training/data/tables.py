"""Read the CSV tables that users provide and the project keeps."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from training.errors import TrainingError
from training.workspace import display_path

__all__ = ["iterate_table", "read_choice", "read_count", "read_label", "read_share", "read_table"]


def read_table(path: Path, columns: Collection[str]) -> list[tuple[int, dict[str, str]]]:
    """Read a table at once; see `iterate_table`."""
    return list(iterate_table(path, columns))


def iterate_table(path: Path, columns: Collection[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Read a table row by row.

    Parameters
    ----------
    path
        CSV in UTF-8, with or without a byte-order mark; the first line names the columns.
    columns
        The required columns; the table may have more.

    Yields
    ------
    tuple[int, dict[str, str]]
        For each row its line number and its cells. Cells that a short row lacks are empty.

    Raises
    ------
    TrainingError
        When the table is missing, is not such a CSV file, or lacks a column.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, restval="")
            missing = sorted(set(columns) - set(reader.fieldnames or ()))
            if missing:
                raise TrainingError(
                    f"{path.name}: column {missing[0]!r} is missing; expected {','.join(columns)}"
                    " in the first line"
                )
            for row in reader:
                yield reader.line_num, row
    except FileNotFoundError as error:
        raise TrainingError(f"{display_path(path)} is missing") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise TrainingError(f"{path.name} is not a CSV table in UTF-8: {error}") from error


def read_label(path: Path, line: int, row: Mapping[str, str], column: str) -> bool:
    """Return a label (1 or 0) of a row.

    Raises
    ------
    TrainingError
        When the cell holds anything else; the message names the line.
    """
    if row[column] not in ("0", "1"):
        raise TrainingError(
            f"{path.name}, line {line}: {column}: expected 0 or 1, got {row[column]!r}"
        )
    return row[column] == "1"


def read_choice(
    path: Path, line: int, row: Mapping[str, str], column: str, choices: Collection[str]
) -> str:
    """Return a cell that holds one of some words.

    Raises
    ------
    TrainingError
        When the cell holds anything else; the message names the line.
    """
    if row[column] not in choices:
        raise TrainingError(
            f"{path.name}, line {line}: {column}: expected one of {', '.join(choices)},"
            f" got {row[column]!r}"
        )
    return row[column]


def read_share(path: Path, line: int, row: Mapping[str, str], column: str) -> float:
    """Return a share (0 to 1) of a row.

    Raises
    ------
    TrainingError
        When the cell holds anything else; the message names the line.
    """
    try:
        share = float(row[column])
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise TrainingError(
            f"{path.name}, line {line}: {column}: expected 0 to 1, got {row[column]!r}"
        )
    return share


def read_count(path: Path, line: int, row: Mapping[str, str], column: str) -> int:
    """Return a count (0 or more) of a row.

    Raises
    ------
    TrainingError
        When the cell holds anything else; the message names the line.
    """
    if not (row[column].isascii() and row[column].isdigit()):
        raise TrainingError(
            f"{path.name}, line {line}: {column}: expected a count, got {row[column]!r}"
        )
    return int(row[column])
