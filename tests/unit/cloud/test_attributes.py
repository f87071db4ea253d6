from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from hypothesis import given
from hypothesis import strategies as st

from smile_cloud.attributes import from_attributes, to_attributes

# DynamoDB's numbers have 38 digits and end at 1e126.
NUMBERS = st.integers(-(10**37), 10**37) | st.floats(-1e100, 1e100).filter(
    lambda value: abs(value) >= 1e-130 or value == 0
)
JSON_READY = st.recursive(
    st.none() | st.booleans() | st.text() | NUMBERS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


def with_decimals(value: Any) -> Any:
    """Return a value in the form that boto3 writes: it refuses floats."""
    if isinstance(value, float):
        return Decimal(str(value))
    if isinstance(value, dict):
        return {name: with_decimals(item) for name, item in value.items()}
    return [with_decimals(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    "value", [0, 1, -3, 0.1, 0.30000000000000004, 1e-130, "text", "", True, None, []]
)
def test_a_value_is_unchanged_when_it_is_written_and_read(value: Any) -> None:
    fields = {"a": value, "b": [value, {"c": value}]}
    assert from_attributes(to_attributes(fields)) == fields


@given(JSON_READY)
def test_the_attributes_are_those_of_boto3(value: Any) -> None:
    written = to_attributes({"a": value})["a"]
    by_boto3 = TypeSerializer().serialize(with_decimals(value))
    assert TypeDeserializer().deserialize(written) == TypeDeserializer().deserialize(by_boto3)
    assert from_attributes({"a": by_boto3}) == from_attributes({"a": written})


def test_a_number_becomes_0_when_dynamodb_cannot_hold_it() -> None:
    assert to_attributes({"a": 9.9e-131, "b": -1e-200}) == {"a": {"N": "0"}, "b": {"N": "0"}}


def test_a_whole_number_is_an_int_when_it_is_read() -> None:
    found = from_attributes(to_attributes({"a": 1.0, "b": (2.0,)}))
    assert [type(found["a"]), type(found["b"][0])] == [int, int]


def test_the_error_names_the_type_when_a_value_is_not_json_ready() -> None:
    with pytest.raises(TypeError, match="expected a JSON-ready value, got set"):
        to_attributes({"a": [{1}]})
    with pytest.raises(TypeError, match="expected S, N, BOOL, NULL, M or L, got SS"):
        from_attributes({"a": {"SS": ["x"]}})
