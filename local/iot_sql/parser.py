"""Parses a statement."""

from __future__ import annotations

from typing import Any

from local.iot_sql.errors import SqlError
from local.iot_sql.expressions import (
    Expression,
    Field,
    comparison,
    encode,
    encode_payload,
    is_undefined,
    literal,
    logical,
    negation,
    timestamp,
    topic,
    topic_level,
)
from local.iot_sql.query import Query
from local.iot_sql.tokens import Token, tokenize
from local.iot_sql.values import UNDEFINED

_CONSTANTS = {"TRUE": True, "FALSE": False, "NULL": None, "UNDEFINED": UNDEFINED}
_KEYWORDS = {"SELECT", "FROM", "WHERE", "AS", "AND", "OR", "NOT", *_CONSTANTS}
_UNSUPPORTED_KEYWORDS = {"VALUE", "SET", "CASE", "IN", "LIKE", "BETWEEN", "EXISTS", "IS"}
_COMPARISONS = {"=", "<>", ">", ">=", "<", "<="}
_MAX_DEPTH = 50  # keeps Python's own stack from overflowing


def parse(sql: str) -> Query:
    """Parse a statement.

    Raises
    ------
    SqlError
        At the first thing outside the supported subset.
    """
    return _Parser(sql).query()


def _filter_problem(topic_filter: str) -> str | None:
    """Return what is wrong with a topic filter (MQTT 3.1.1, section 4.7), None when it is valid."""
    levels = topic_filter.split("/")
    if not topic_filter:
        return "a topic filter must not be empty"
    if "\0" in topic_filter:
        return "a topic filter must not contain a null character"
    if any("+" in level and level != "+" for level in levels):
        return "+ must stand alone between slashes"
    if any("#" in level and level != "#" for level in levels) or "#" in levels[:-1]:
        return "# must stand alone after the last slash"
    if any("*" in level for level in levels):
        return "* is not an MQTT wildcard: use + for one level or # for the rest"
    return None


class _Parser:
    """Recursive descent. OR binds loosest, then AND, NOT, comparisons."""

    def __init__(self, sql: str) -> None:
        self._tokens = tokenize(sql)
        self._index = 0
        self._depth = 0

    def query(self) -> Query:
        self._expect("SELECT")
        columns = [self._column()]
        while self._take(","):
            columns.append(self._column())
        self._expect("FROM")
        topic_filter = self._topic_filter()
        where = self._disjunction() if self._take("WHERE") else None
        if self._now.kind != "end":
            raise self._unexpected("AND, OR, WHERE or the end")
        return Query(tuple(columns), topic_filter, where)

    # --- clauses ---

    def _column(self) -> tuple[str, Expression | None]:
        if self._take("*"):
            return "*", None
        start = self._now
        expression = self._operand()
        if self._take("AS"):
            return self._name(), expression
        if isinstance(expression, Field):
            return expression.path[-1], expression
        raise SqlError(start.position, f"{start.text} needs a name: add AS <name>")

    def _topic_filter(self) -> str:
        if self._now.kind != "text":
            raise self._unexpected("a topic filter in single quotes")
        topic_filter = self._now.text[1:-1]
        if problem := _filter_problem(topic_filter):
            raise SqlError(self._now.position, problem)
        self._index += 1
        return topic_filter

    # --- conditions ---

    def _disjunction(self) -> Expression:
        left = self._conjunction()
        while self._take("OR"):
            left = logical("OR", left, self._conjunction())
        return left

    def _conjunction(self) -> Expression:
        left = self._negation()
        while self._take("AND"):
            left = logical("AND", left, self._negation())
        return left

    def _negation(self) -> Expression:
        if not self._take("NOT"):
            return self._comparison()
        self._deeper()
        operand = self._negation()
        self._depth -= 1
        return negation(operand)

    def _comparison(self) -> Expression:
        left = self._bracketed()
        symbol = self._now.keyword
        if symbol not in _COMPARISONS:
            return left
        self._index += 1
        right = self._bracketed()
        if self._now.keyword in _COMPARISONS:
            raise self._unexpected("AND, OR or the end")
        return comparison(symbol, left, right)

    def _bracketed(self) -> Expression:
        if not self._take("("):
            return self._operand()
        self._deeper()
        inside = self._disjunction()
        self._expect(")")
        self._depth -= 1
        return inside

    # --- operands ---

    def _operand(self) -> Expression:
        token = self._now
        if token.kind == "word" and token.keyword not in _KEYWORDS:
            following = self._tokens[self._index + 1]
            return self._function() if following.keyword == "(" else self._field()
        if token.kind == "text":
            value: Any = token.text[1:-1]
        elif token.kind == "number":
            number = float(token.text)
            value = int(number) if number.is_integer() else number
        elif token.keyword in _CONSTANTS:
            value = _CONSTANTS[token.keyword]
        else:
            raise self._unexpected("a field, a function or a literal")
        self._index += 1
        return literal(value)

    def _field(self) -> Field:
        path = [self._name()]
        while self._take("."):
            path.append(self._name())
        return Field(tuple(path))

    def _function(self) -> Expression:
        token = self._now
        self._index += 2  # the name and its bracket
        function: Expression
        match token.text.lower():
            case "timestamp":
                function = timestamp
            case "encode":
                function = encode_payload if self._take("*") else encode(self._operand())
                self._expect(",")
                self._scheme()
            case "isundefined":
                function = is_undefined(self._operand())
            case "topic":
                function = topic if self._now.text == ")" else topic_level(self._level())
            case _:
                raise SqlError(token.position, f"the function {token.text}() is not supported")
        self._expect(")")
        return function

    def _level(self) -> int:
        level = self._now
        if level.kind != "number" or not level.text.isdigit() or int(level.text) < 1:
            raise self._unexpected("a level of the topic, counted from 1")
        self._index += 1
        return int(level.text)

    def _scheme(self) -> None:
        """Take the only encoding that AWS IoT offers."""
        if self._now.text != "'base64'":
            raise self._unexpected("'base64'")
        self._index += 1

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

    def _take(self, keyword: str) -> bool:
        found = self._now.keyword == keyword
        self._index += found
        return found

    def _expect(self, keyword: str) -> None:
        if not self._take(keyword):
            raise self._unexpected(keyword if keyword.isalpha() else repr(keyword))

    def _unexpected(self, expected: str) -> SqlError:
        return SqlError(self._now.position, f"expected {expected}, found {self._now.text}")
