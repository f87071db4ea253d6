"""Read the CSV tables that users provide and the project keeps."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Mapping
from pathlib import Path

from training.errors import TrainingError
from training.workspace import display_path

__all__ = ["read_label", "read_table"]


def read_table(path: Path, columns: Collection[str]) -> list[tuple[int, dict[str, str]]]:
    """Read a table.

    Parameters
    ----------
    path
        CSV in UTF-8, with or without a byte-order mark; the first line names the columns.
    columns
        The required columns; the table may have more.

    Returns
    -------
    list[tuple[int, dict[str, str]]]
        For each row its line number and its cells. Cells that a short row lacks are empty.

    Raises
    ------
    TrainingError
        When the table is missing, is not such a CSV file, or lacks a column.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        reader = csv.DictReader(io.StringIO(text, newline=""), restval="")
        missing = sorted(set(columns) - set(reader.fieldnames or ()))
        if missing:
            raise TrainingError(
                f"{path.name}: column {missing[0]!r} is missing; expected {','.join(columns)}"
                " in the first line"
            )
        return [(reader.line_num, row) for row in reader]
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
