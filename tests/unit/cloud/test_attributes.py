from __future__ import annotations

from typing import Any

import pytest

from smile_cloud.attributes import from_attributes, to_attributes


@pytest.mark.parametrize(
    "value", [0, 1, -3, 0.1, 0.30000000000000004, 1e-130, "text", "", True, None, []]
)
def test_a_value_is_unchanged_when_it_is_written_and_read(value: Any) -> None:
    fields = {"a": value, "b": [value, {"c": value}]}
    assert from_attributes(to_attributes(fields)) == fields


def test_a_number_becomes_0_when_dynamodb_cannot_hold_it() -> None:
    assert to_attributes({"a": 9.9e-131, "b": -1e-200}) == {"a": {"N": "0"}, "b": {"N": "0"}}


def test_a_whole_number_is_an_int_when_it_is_read() -> None:
    found = from_attributes(to_attributes({"a": 1.0, "b": (2.0,)}))
    assert [type(found["a"]), type(found["b"][0])] == [int, int]
