"""IoT SQL against a plain reading of the reference, on generated statements."""

from __future__ import annotations

import base64
import contextlib
import json
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.iot_sql import UNDEFINED, PayloadError, SqlError, parse
from local.iot_sql.expressions import Message
from local.iot_sql.values import parse_payload

FIELDS = ["alpha", "beta", "gamma"]
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5),
    st.sampled_from([0.5, -1.25, "1", "0.5", "true", "FALSE", "x", ""]),
)
payloads = st.dictionaries(st.sampled_from(FIELDS), scalars)

# A condition is a nested tuple, the source of both its text and its expected value.
leaves = st.one_of(
    st.tuples(st.just("field"), st.sampled_from(FIELDS)),
    st.tuples(st.just("literal"), scalars),
)
conditions = st.recursive(
    st.tuples(st.sampled_from(["=", "<>", "<", "<=", ">", ">="]), leaves, leaves) | leaves,
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(["AND", "OR"]), inner, inner), st.tuples(st.just("NOT"), inner)
    ),
    max_leaves=12,
)


def text_of(node: Any) -> str:
    if node[0] == "field":
        return str(node[1])
    if node[0] == "literal":
        value = node[1]
        if isinstance(value, str):
            return f"'{value}'"
        return "null" if value is None else str(value).lower()
    if node[0] == "NOT":
        return f"(NOT {text_of(node[1])})"
    return f"({text_of(node[1])} {node[0]} {text_of(node[2])})"


def oracle(node: Any, payload: dict[str, Any]) -> Any:
    kind = node[0]
    if kind in ("field", "literal"):
        return payload.get(node[1], UNDEFINED) if kind == "field" else node[1]
    sides = [oracle(part, payload) for part in node[1:]]
    if kind in ("AND", "OR", "NOT"):
        return logical(kind, [boolean(side) for side in sides])
    if kind in ("=", "<>"):
        same = tagged(sides[0]) == tagged(sides[1])
        return UNDEFINED if UNDEFINED in sides else same == (kind == "=")
    left, right = [number(side) for side in sides]
    if left is None or right is None:
        return UNDEFINED
    return {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[kind]


def logical(kind: str, truths: list[bool | None]) -> Any:
    if None in truths:
        return UNDEFINED
    if kind == "NOT":
        return not truths[0]
    return all(truths) if kind == "AND" else any(truths)


def boolean(value: Any) -> bool | None:
    return {"true": True, "false": False}.get(str(value).lower()) if value is not None else None


def number(value: Any) -> Any:
    if isinstance(value, bool) or value is None or value is UNDEFINED:
        return None
    try:
        return float(value)
    except ValueError:
        return None


def tagged(value: Any) -> tuple[str, Any]:
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return type(value).__name__, value
    return "number", value


@given(conditions, payloads)
def test_condition_agrees_with_the_reference(condition: Any, payload: dict[str, Any]) -> None:
    where = parse(f"SELECT * FROM 'a' WHERE {text_of(condition)}").where
    assert where is not None
    found = where(Message("a", json.dumps(payload).encode(), 0))
    expected = oracle(condition, payload)
    assert type(found) is type(expected)
    assert found == expected


@given(st.text(alphabet="SELCTFROMWHANDab.()*,'=<>!1 2+#/", max_size=60) | st.text(max_size=40))
def test_text_is_a_statement_or_refused_with_its_position(text: str) -> None:
    for sql in (text, f"SELECT {text} FROM 'a'", f"SELECT * FROM 'a' WHERE {text}"):
        try:
            parse(sql).evaluate("a/b", b'{"a": 1}', 0)
        except SqlError as error:
            assert 0 <= error.position <= len(sql)


@given(st.binary(max_size=40))
def test_payload_comes_back_when_it_is_encoded_and_decoded(payload: bytes) -> None:
    found = parse("SELECT encode(*, 'base64') AS data FROM 'a'").evaluate("a", payload, 0)
    assert base64.b64decode(found["data"], validate=True) == payload


@given(st.binary(max_size=40))
def test_payload_is_json_or_refused(payload: bytes) -> None:
    with contextlib.suppress(PayloadError):
        parse_payload(payload)


filters = st.lists(st.sampled_from(["+", "#", "a", "a+", "#a", "$a", ""]), min_size=1, max_size=4)


@given(filters.map("/".join))
def test_topic_filter_is_accepted_when_paho_accepts_it(topic_filter: str) -> None:
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
    try:
        client.subscribe(topic_filter)
    except ValueError:
        with pytest.raises(SqlError):
            parse(f"SELECT * FROM '{topic_filter}'")
    else:
        assert parse(f"SELECT * FROM '{topic_filter}'").topic_filter == topic_filter
