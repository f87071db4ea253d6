"""AWS IoT SQL: the result of a statement, and the statements that are refused."""

from __future__ import annotations

import ast
import base64
import doctest
import json
import sys
from pathlib import Path
from typing import Any

import pytest

import local.iot_sql
from local.iot_sql import UNDEFINED, PayloadError, SqlError, parse
from local.iot_sql.expressions import Message
from local.iot_sql.values import parse_payload

PAYLOAD = {
    "color": {"red": 255, "name": "red"},
    "phase": "ended",
    "score": 0.5,
    "count": 3,
    "text": "3",
    "yes": True,
    "word": "TRUE",
    "none": None,
    "list": [1, 2],
    "other": [1, 2, 3],
    "ones": [True, 2],
    "paint": {"red": 255, "name": "blue"},
}


def result_of(sql: str, payload: Any = None, topic: str = "smile/cam-1/events") -> Any:
    sent = json.dumps(PAYLOAD if payload is None else payload).encode()
    return parse(sql).evaluate(topic, sent, 1700000000123)


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ("phase", {"phase": "ended"}),
        ("color.red", {"red": 255}),
        ("color.red AS r, phase as p", {"r": 255, "p": "ended"}),
        ("color.green AS g, score", {"score": 0.5}),
        ("phase.deeper AS d", {}),
        ("topic() AS t, topic(2) AS d", {"t": "smile/cam-1/events", "d": "cam-1"}),
        ("topic(9) AS t", {}),
        ("timestamp() AS at", {"at": 1700000000123}),
        ("'a' AS a, -1.5 AS b, 2.0 AS c, true AS d, null AS e",
         {"a": "a", "b": -1.5, "c": 2, "d": True, "e": None}),
        ("Undefined AS u", {}),
    ],
)  # fmt: skip
def test_columns_are_selected(columns: str, expected: dict[str, Any]) -> None:
    assert result_of(f"SELECT {columns} FROM 'smile/+/events'") == expected


@pytest.mark.parametrize("payload", [b'{"a": 1, "a": 2}', b"", b"no JSON", b"\xff\x00", b"[1]"])
def test_any_payload_keeps_its_bytes_when_it_is_encoded(payload: bytes) -> None:
    sql = "SELECT encode(*, 'base64') AS data, topic(2) AS device, timestamp() AS at FROM 'a/+'"
    found = parse(sql).evaluate("a/cam-1", payload, 5)
    assert found == {"data": base64.b64encode(payload).decode(), "device": "cam-1", "at": 5}


@pytest.mark.parametrize(
    ("operand", "text"),
    [("phase", "ended"), ("count", "3"), ("color.red", "255"), ("yes", "true"), ("list", "[1,2]")],
)
def test_a_value_becomes_text_when_it_is_encoded(operand: str, text: str) -> None:
    found = result_of(f"SELECT encode({operand}, 'base64') AS data FROM 'a'")
    assert base64.b64decode(found["data"]).decode() == text


def test_the_result_is_undefined_when_an_encoded_field_is_missing() -> None:
    assert result_of("SELECT encode(missing, 'base64') AS data FROM 'a'") == {}


@pytest.mark.parametrize("sql", ["SELECT phase FROM 'a'", "SELECT * FROM 'a' WHERE phase = 1"])
def test_the_payload_is_refused_when_it_is_not_json_and_the_statement_reads_it(sql: str) -> None:
    with pytest.raises(PayloadError, match="not JSON"):
        parse(sql).evaluate("a", b"no JSON", 0)


def test_later_columns_win_when_names_repeat() -> None:
    sql = "SELECT *, topic(2) AS phase, timestamp() AS at, missing AS word FROM 'smile/+/events'"
    assert result_of(sql) == {**PAYLOAD, "phase": "cam-1", "at": 1700000000123}


@pytest.mark.parametrize("payload", [[1, 2], 5, "text", None])
def test_star_needs_an_object_only_when_there_are_other_columns(payload: Any) -> None:
    sent = json.dumps(payload).encode()
    assert parse("SELECT * FROM 'a'").evaluate("a", sent, 0) == payload
    with pytest.raises(PayloadError, match="not a JSON object"):
        parse("SELECT *, topic() AS t FROM 'a'").evaluate("a", sent, 0)


# Tables of "Operators" in the reference.
@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("count > 2", True), ("count > 3", False), ("count >= 3", True), ("count < 3", False),
        ("count <= 3", True), ("text > 2", True), ("text < '10'", True), ("phase > 2", UNDEFINED),
        ("yes > 0", UNDEFINED), ("none > 0", UNDEFINED), ("list > 0", UNDEFINED),
        ("missing > 0", UNDEFINED), ("score >= 0.5", True),
        ("phase = 'ended'", True), ("phase = 'ENDED'", False), ("count = 3.0", True),
        ("count = '3'", False), ("count <> '3'", True), ("yes = 1", False), ("yes <> 1", True),
        ("none = null", True), ("none <> null", False), ("missing = null", UNDEFINED),
        ("missing <> 1", UNDEFINED), ("list = list", True), ("color = color", True),
        ("color = list", False), ("color <> list", True), ("list = other", False),
        ("color = paint", False), ("list = ones", False),
        ("yes AND word", True), ("yes AND phase", UNDEFINED), ("yes OR phase", UNDEFINED),
        ("yes OR false", True), ("NOT yes", False), ("NOT word", False), ("NOT phase", UNDEFINED),
        ("NOT NOT yes", True), ("NOT count = 4", True), ("yes", True), ("word", "TRUE"),
        ("false AND missing = 1", UNDEFINED),
        ("false AND false OR true", True), ("false AND (false OR true)", False),
        ("true OR false AND false", True),
        ("color.name = 'red' and not (count < 1 or score > 0.9)", True),
    ],
)  # fmt: skip
def test_condition_is_evaluated_as_in_the_reference(condition: str, expected: Any) -> None:
    where = parse(f"SELECT * FROM 'a' WHERE {condition}").where
    assert where is not None
    found = where(Message("a", json.dumps(PAYLOAD).encode(), 0))
    assert found is expected or found == expected != UNDEFINED


@pytest.mark.parametrize(
    ("condition", "acts"),
    [("yes", True), ("NOT yes", False), ("missing = 1", False), ("phase", False)],
)
def test_rule_acts_only_when_where_is_true(condition: str, acts: bool) -> None:
    result = result_of(f"SELECT phase FROM 'a' WHERE {condition}")
    assert result == ({"phase": "ended"} if acts else UNDEFINED)


@pytest.mark.parametrize(
    ("sql", "character", "complaint"),
    [
        ("", 1, "expected SELECT, found the end"),
        ("UPDATE a", 1, "expected SELECT, found UPDATE"),
        ("SELECT FROM 'a'", 8, "expected a field, a function or a literal, found FROM"),
        ("SELECT * FROM a", 15, "expected a topic filter in single quotes"),
        ('SELECT * FROM "a"', 15, "is not supported"),
        ("SELECT * FROM 'smile/*/events'", 15, "* is not an MQTT wildcard"),
        ("SELECT * FROM 'a/#/b'", 15, "# must stand alone after the last slash"),
        ("SELECT * FROM 'a+/b'", 15, "+ must stand alone between slashes"),
        ("SELECT * FROM ''", 15, "must not be empty"),
        ("SELECT a, FROM 'a'", 11, "found FROM"),
        ("SELECT 3 FROM 'a'", 8, "3 needs a name"),
        ("SELECT topic(2) FROM 'a'", 8, "topic needs a name"),
        ("SELECT topic(0) AS a FROM 'a'", 14, "counted from 1"),
        ("SELECT topic(a) AS a FROM 'a'", 14, "counted from 1"),
        ("SELECT encode(*) AS a FROM 'a'", 16, "expected ','"),
        ("SELECT encode(a, 'hex') AS a FROM 'a'", 18, "expected 'base64', found 'hex'"),
        ("SELECT newuuid() AS a FROM 'a'", 8, "the function newuuid() is not supported"),
        ("SELECT VALUE a FROM 'a'", 8, "VALUE is not supported"),
        ("SELECT (SELECT v FROM b) AS c FROM 'a'", 8, "expected a field"),
        ("SELECT a + 1 AS b FROM 'a'", 10, "'+ 1 AS b F' is not supported"),
        ("SELECT a[0] AS b FROM 'a'", 9, "'[0] AS b F' is not supported"),
        ("SELECT * FROM 'a' WHERE a != 1", 27, "'!= 1' is not supported"),
        ("SELECT * FROM 'a' WHERE a = 1 = 2", 31, "expected AND, OR or the end"),
        ("SELECT * FROM 'a' WHERE a = 'it''s'", 33, "expected AND, OR, WHERE or the end"),
        ("SELECT * FROM 'a' WHERE (a = 1", 31, "expected ')', found the end"),
        ("SELECT * FROM 'a' WHERE a IN [1]", 30, "is not supported"),
        ("SELECT * FROM 'a' WHERE a = 1e3", 29, "is not supported"),
        ("SELECT * FROM 'a' LIMIT 3", 19, "found LIMIT"),
        ("SELECT * FROM 'a' WHERE " + "(" * 60 + "a" + ")" * 60, 76, "more than 50 levels"),
        ("SELECT * FROM 'a' WHERE " + "NOT " * 60 + "a", 229, "more than 50 levels"),
    ],
)
def test_statement_is_refused_with_its_position(sql: str, character: int, complaint: str) -> None:
    with pytest.raises(SqlError) as caught:
        parse(sql)
    assert complaint in str(caught.value)
    assert caught.value.position + 1 == character


@pytest.mark.parametrize(
    "payload",
    [b"", b"{", b"nojson", b"\xff\xfe", b'{"a": NaN}', b'{"a": 1e999}', b"[" * 100_000],
)
def test_payload_is_refused_when_it_is_not_json(payload: bytes) -> None:
    with pytest.raises(PayloadError):
        parse_payload(payload)


def test_whole_numbers_become_integers() -> None:
    found = parse_payload(b'{"a": 10.0, "b": 0.5}')
    assert found == {"a": 10, "b": 0.5}
    assert isinstance(found["a"], int)


@pytest.mark.parametrize(("payload", "passes"), [({"a": 1}, True), ({"b": None}, False)])
def test_message_passes_when_a_field_that_must_be_undefined_is_missing(
    payload: dict[str, object], passes: bool
) -> None:
    result = result_of("SELECT * FROM 'a/b' WHERE isUndefined(b)", payload)
    assert (result is not UNDEFINED) is passes


def test_examples_of_the_documentation_are_right() -> None:
    assert doctest.testmod(local.iot_sql) == (0, 4)


def test_library_imports_the_standard_library_and_itself_only() -> None:
    [folder] = local.iot_sql.__path__
    imported = set()
    for path in Path(folder).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {name.name for name in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add(str(node.module))
    ours = {name for name in imported if name.partition(".")[0] not in sys.stdlib_module_names}
    assert ours
    assert all(name.startswith("local.iot_sql.") for name in ours)
