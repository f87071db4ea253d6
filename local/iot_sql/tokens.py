"""Cuts AWS IoT SQL into tokens."""

from __future__ import annotations

import re
from dataclasses import dataclass

from local.errors import SqlError

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'[^']*')|(?P<number>-?\d+(?:\.\d+)?)(?![\w.])|(?P<word>[A-Za-z_]\w*)"
    r"|(?P<sign><>|>=|<=|=|>|<|\(|\)|,|\.|\*))"
)


@dataclass(frozen=True)
class Token:
    """A word, number, text or sign of a statement.

    Attributes
    ----------
    kind : str
        ``text``, ``number``, ``word``, ``sign`` or ``end``.
    text : str
        As written, a text with its quotes.
    position : int
        Offset in the statement.
    """

    kind: str
    text: str
    position: int

    @property
    def keyword(self) -> str:
        """The word in upper case, as keywords are compared; empty for anything else."""
        return self.text.upper() if self.kind == "word" else ""


def tokenize(sql: str) -> list[Token]:
    """Cut a statement into tokens, the last of which is its end.

    Raises
    ------
    SqlError
        With the position of the first character that belongs to no token.
    """
    found, position, end = [], 0, len(sql.rstrip())
    while position < end:
        match = _TOKEN.match(sql, position)
        if match is None or match.lastgroup is None:
            rest = sql[position:].lstrip()
            start = len(sql) - len(rest)
            raise SqlError(start, f"{rest[:10]!r} is not supported")
        found.append(Token(match.lastgroup, match[match.lastgroup], match.start(match.lastgroup)))
        position = match.end()
    return [*found, Token("end", "the end", end)]
