"""The votes of FER+: ten people say which expression a picture shows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from training.data.splits import Split
from training.data.tables import read_count, read_table
from training.errors import TrainingError

__all__ = ["EXPRESSIONS", "SMILE", "USAGES", "VOTES", "Votes", "expression_words", "read_votes"]

VOTES = "fer2013new.csv"
EXPRESSIONS = (
    "neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt",
)  # fmt: skip
SMILE = "happiness"
REJECTIONS = ("unknown", "NF")  # NF: not a face
MIN_EXPRESSION_SHARE = 0.5  # of the votes that name an expression
MAX_REJECTED_SHARE = 0.5  # of the votes; from here on the picture is skipped
USAGES = {"Training": Split.TRAIN, "PublicTest": Split.VALIDATION, "PrivateTest": Split.TEST}
_NAME, _USAGE = "Image name", "Usage"


@dataclass(frozen=True)
class Votes:
    """The votes on one picture.

    Attributes
    ----------
    line
        Of the table.
    name
        The picture's file name; empty: FER+ has no such picture.
    usage
        A key of `USAGES`.
    counts
        By expression, in the order of `EXPRESSIONS`.
    rejected
        Votes for "unknown" and "not a face".
    """

    line: int
    name: str
    usage: str
    counts: tuple[int, ...]
    rejected: int

    @property
    def usable(self) -> bool:
        """Whether the picture has votes, and most of them name an expression."""
        return self.rejected < MAX_REJECTED_SHARE * (self.rejected + sum(self.counts))

    @property
    def smile_share(self) -> float:
        """The share of smiles among the votes that name an expression."""
        return self.counts[EXPRESSIONS.index(SMILE)] / sum(self.counts)

    @property
    def expression(self) -> str:
        """The expression that at least half of the votes name; empty if there is none.

        Of two equal ones, the first of `EXPRESSIONS`.
        """
        most = max(self.counts)
        is_majority = most >= MIN_EXPRESSION_SHARE * sum(self.counts)
        return EXPRESSIONS[self.counts.index(most)] if is_majority else ""


def expression_words(expression: str) -> str:
    """Return the words for an expression in texts: they say what a face looks like."""
    return "smile" if expression == SMILE else expression


def read_votes(table: Path) -> list[Votes]:
    """Read `VOTES`, as FER+ publishes it.

    Raises
    ------
    TrainingError
        When a column is missing or a cell is invalid; the message names the line.
    """
    votes = []
    for line, row in read_table(table, (_USAGE, _NAME, *EXPRESSIONS, *REJECTIONS)):
        if row[_USAGE] not in USAGES:
            raise TrainingError(
                f"{table.name}, line {line}: {_USAGE}: expected {', '.join(USAGES)}, got"
                f" {row[_USAGE]!r}"
            )
        counts = tuple(read_count(table, line, row, column) for column in EXPRESSIONS)
        rejected = sum(read_count(table, line, row, column) for column in REJECTIONS)
        votes.append(Votes(line, row[_NAME], row[_USAGE], counts, rejected))
    return votes
