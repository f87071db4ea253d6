"""Splits a statement into tokens."""

from __future__ import annotations

import re
from dataclasses import dataclass

from local.iot_sql.errors import SqlError

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'[^']*')|(?P<number>-?\d+(?:\.\d+)?)(?![\w.])|(?P<word>[A-Za-z_]\w*)"
    r"|(?P<sign><>|>=|<=|=|>|<|\(|\)|,|\.|\*))"
)


@dataclass(frozen=True)
class Token:
    """A part of a statement.

    Attributes
    ----------
    kind : str
        ``text``, ``number``, ``word``, ``sign`` or ``end``.
    text : str
        As written; a text includes its quotes.
    position : int
        Offset in the statement.
    """

    kind: str
    text: str
    position: int

    @property
    def keyword(self) -> str:
        """The word or sign in upper case; empty for texts, numbers and the end."""
        return self.text.upper() if self.kind in ("word", "sign") else ""


def tokenize(sql: str) -> list[Token]:
    """Return the tokens of a statement; the last one is its end.

    Raises
    ------
    SqlError
        At the first character that belongs to no token.
    """
    tokens, position, end = [], 0, len(sql.rstrip())
    while position < end:
        match = _TOKEN.match(sql, position)
        if match is None or match.lastgroup is None:
            rest = sql[position:].lstrip()
            raise SqlError(len(sql) - len(rest), f"{rest[:10]!r} is not supported")
        kind = match.lastgroup
        tokens.append(Token(kind, match[kind], match.start(kind)))
        position = match.end()
    return [*tokens, Token("end", "the end", end)]
