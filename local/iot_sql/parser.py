"""The subset of AWS IoT SQL that the template uses: read, checked and evaluated.

``SELECT`` of ``*``, fields with dots, ``topic()``, ``topic(n)``, ``timestamp()``,
``isUndefined(x)`` and literals, each with ``AS``; ``FROM`` a topic filter; ``WHERE`` with
comparisons, AND, OR, NOT and brackets.
Anything else is refused with its position. Source: AWS IoT SQL reference, version 2016-03-23.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from local.errors import PayloadError, SqlError
from local.iot_sql.syntax import (
    Column,
    Comparison,
    Expression,
    Field,
    IsUndefined,
    Literal,
    Logical,
    Message,
    Not,
    Timestamp,
    Topic,
)
from local.iot_sql.tokens import Token, tokenize
from local.iot_sql.topics import filter_problem
from local.iot_sql.values import UNDEFINED

_CONSTANTS = {"TRUE": True, "FALSE": False, "NULL": None, "UNDEFINED": UNDEFINED}
_KEYWORDS = {"SELECT", "FROM", "WHERE", "AS", "AND", "OR", "NOT", *_CONSTANTS}
_UNSUPPORTED_KEYWORDS = {"VALUE", "SET", "CASE", "IN", "LIKE", "BETWEEN", "EXISTS", "IS"}
_COMPARISONS = {"=", "<>", ">", ">=", "<", "<="}
_MAX_DEPTH = 50


@dataclass(frozen=True)
class Query:
    """One rule's statement.

    Attributes
    ----------
    columns : tuple of Column
        The SELECT list in its order.
    topic_filter : str
        What FROM names.
    where : Expression or None
        What must be true for the rule to act.
    """

    columns: tuple[Column, ...]
    topic_filter: str
    where: Expression | None

    def evaluate(self, message: Message) -> Any:
        """Return what the rule hands to its actions.

        Parameters
        ----------
        message : Message
            The message; that its topic falls under the filter is not checked again.

        Returns
        -------
        object
            A JSON value, or ``UNDEFINED`` when WHERE is not true and the rule does not act.

        Raises
        ------
        PayloadError
            When ``*`` stands beside other columns and the payload is no JSON object.
        """
        if self.where is not None and self.where.value(message) is not True:
            return UNDEFINED
        if len(self.columns) == 1 and self.columns[0].expression is None:
            return message.payload
        result: dict[str, Any] = {}
        for column in self.columns:
            if column.expression is None:
                if not isinstance(message.payload, dict):
                    raise PayloadError("the payload is not a JSON object")
                result.update(message.payload)
                continue
            value = column.expression.value(message)
            if value is not UNDEFINED:
                result[column.name] = value
        return result


def parse(sql: str) -> Query:
    """Read a statement.

    Raises
    ------
    SqlError
        With the position of the first thing outside the supported subset.
    """
    return _Parser(sql).query()


class _Parser:
    """Recursive descent; OR binds loosest, then AND, NOT, comparisons."""

    def __init__(self, sql: str) -> None:
        self._tokens = tokenize(sql)
        self._index = 0
        self._depth = 0

    def query(self) -> Query:
        self._expect_keyword("SELECT")
        columns = [self._column()]
        while self._take_sign(","):
            columns.append(self._column())
        self._expect_keyword("FROM")
        topic_filter = self._topic_filter()
        where = self._disjunction() if self._take_keyword("WHERE") else None
        if self._now.kind != "end":
            raise self._unexpected("AND, OR, WHERE or the end")
        return Query(tuple(columns), topic_filter, where)

    # --- clauses ---

    def _column(self) -> Column:
        if self._take_sign("*"):
            return Column("*", None)
        start = self._now
        expression = self._operand()
        if self._take_keyword("AS"):
            return Column(self._name(), expression)
        if isinstance(expression, Field):
            return Column(expression.path[-1], expression)
        raise SqlError(start.position, f"{start.text} needs a name: add AS <name>")

    def _topic_filter(self) -> str:
        token = self._now
        if token.kind != "text":
            raise self._unexpected("a topic filter in single quotes")
        self._index += 1
        topic_filter = token.text[1:-1]
        problem = filter_problem(topic_filter)
        if problem:
            raise SqlError(token.position, problem)
        return topic_filter

    # --- conditions ---

    def _disjunction(self) -> Expression:
        left = self._conjunction()
        while self._take_keyword("OR"):
            left = Logical("OR", left, self._conjunction())
        return left

    def _conjunction(self) -> Expression:
        left = self._negation()
        while self._take_keyword("AND"):
            left = Logical("AND", left, self._negation())
        return left

    def _negation(self) -> Expression:
        if not self._take_keyword("NOT"):
            return self._comparison()
        self._deeper()
        operand = Not(self._negation())
        self._depth -= 1
        return operand

    def _comparison(self) -> Expression:
        left = self._operand(brackets=True)
        if self._now.kind != "sign" or self._now.text not in _COMPARISONS:
            return left
        symbol = self._now.text
        self._index += 1
        comparison = Comparison(symbol, left, self._operand(brackets=True))
        if self._now.kind == "sign" and self._now.text in _COMPARISONS:
            raise self._unexpected("AND, OR or the end")
        return comparison

    # --- operands ---

    def _operand(self, *, brackets: bool = False) -> Expression:
        token = self._now
        if brackets and self._take_sign("("):
            self._deeper()
            inside = self._disjunction()
            self._expect_sign(")")
            self._depth -= 1
            return inside
        if token.kind == "text":
            self._index += 1
            return Literal(token.text[1:-1])
        if token.kind == "number":
            self._index += 1
            number = float(token.text)
            return Literal(int(number) if number.is_integer() else number)
        if token.keyword in _CONSTANTS:
            self._index += 1
            return Literal(_CONSTANTS[token.keyword])
        if token.kind != "word" or token.keyword in _KEYWORDS:
            raise self._unexpected("a field, a function or a literal")
        following = self._tokens[self._index + 1]
        if following.kind == "sign" and following.text == "(":
            return self._function()
        return self._field()

    def _field(self) -> Field:
        path = [self._name()]
        while self._take_sign("."):
            path.append(self._name())
        return Field(tuple(path))

    def _function(self) -> Expression:
        token = self._now
        self._index += 1
        self._expect_sign("(")
        if token.text.lower() == "timestamp":
            self._expect_sign(")")
            return Timestamp()
        if token.text.lower() == "isundefined":
            operand = self._operand()
            self._expect_sign(")")
            return IsUndefined(operand)
        if token.text.lower() != "topic":
            raise SqlError(token.position, f"the function {token.text}() is not supported")
        if self._take_sign(")"):
            return Topic(None)
        level = self._now
        if level.kind != "number" or not level.text.isdigit() or int(level.text) < 1:
            raise self._unexpected("a level of the topic, counted from 1")
        self._index += 1
        self._expect_sign(")")
        return Topic(int(level.text))

    # --- tokens ---

    @property
    def _now(self) -> Token:
        return self._tokens[self._index]

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise SqlError(self._now.position, f"more than {_MAX_DEPTH} levels are not supported")

    def _name(self) -> str:
        token = self._now
        if token.kind != "word" or token.keyword in _KEYWORDS:
            raise self._unexpected("a name")
        if token.keyword in _UNSUPPORTED_KEYWORDS:
            raise SqlError(token.position, f"{token.text} is not supported")
        self._index += 1
        return token.text

    def _take_sign(self, sign: str) -> bool:
        if self._now.kind == "sign" and self._now.text == sign:
            self._index += 1
            return True
        return False

    def _take_keyword(self, keyword: str) -> bool:
        if self._now.keyword == keyword:
            self._index += 1
            return True
        return False

    def _expect_sign(self, sign: str) -> None:
        if not self._take_sign(sign):
            raise self._unexpected(f"{sign!r}")

    def _expect_keyword(self, keyword: str) -> None:
        if not self._take_keyword(keyword):
            raise self._unexpected(keyword)

    def _unexpected(self, expected: str) -> SqlError:
        return SqlError(self._now.position, f"expected {expected}, found {self._now.text}")
