from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from smile_cloud.http.errors import QueryError
from smile_cloud.http.parameters import Parameters


def reader(**values: str) -> Parameters:
    """Return a reader that knows the given parameters; ``from_`` stands for ``from``."""
    given = {name.rstrip("_"): [value] for name, value in values.items()}
    return Parameters(given, tuple(given))


def problems(read: Parameters) -> dict[str, str]:
    with pytest.raises(QueryError) as caught:
        read.check()
    return {problem.parameter: problem.detail for problem in caught.value.problems}


def read_all(read: Parameters) -> dict[str, Any]:
    return {
        "device": read.device(),
        "times": read.time_range(),
        "n": read.whole_number("n", 1, 500),
        "x": read.number("x", 0, 1),
        "order": read.choice("order", ("asc", "desc")),
        "on": read.flag("on"),
        "text": read.text("text"),
    }


def test_values_are_typed_when_they_are_valid() -> None:
    read = reader(
        device="cam-1",
        from_="2026-11-22T18:00:00+01:00",
        to="2026-11-22T17:00:00Z",
        n="007",
        x="0.75",
        order="asc",
        on="false",
        text="as sent",
    )
    at = datetime(2026, 11, 22, 17, tzinfo=UTC)
    assert read_all(read) == {
        "device": "cam-1",
        "times": (at, at),
        "n": 7,
        "x": 0.75,
        "order": "asc",
        "on": False,
        "text": "as sent",
    }
    read.check()


def test_values_are_none_when_parameters_are_missing() -> None:
    read = reader()
    assert set(read_all(read).values()) == {None, (None, None)}
    read.check()


def test_every_problem_is_named_when_all_values_are_bad() -> None:
    read = Parameters(
        {
            "device": ["../x"],
            "from": ["now"],
            "to": ["2026-11-22"],
            "n": ["0"],
            "x": ["1.01"],
            "order": ["up"],
            "on": ["yes"],
            "text": ["one", "two"],
            "odd": ["1"],
        },
        ("device", "from", "to", "n", "x", "order", "on", "text"),
    )
    values = read_all(read)
    assert set(values.values()) == {None, (None, None)}
    found = problems(read)
    assert list(found) == ["odd", "text", "device", "from", "to", "n", "x", "order", "on"]
    assert found["odd"] == ("unknown parameter, expected device, from, to, n, x, order, on, text.")
    assert found["text"] == "given more than once, give it once."
    assert found["n"] == "expected a whole number from 1 to 500."
    assert found["x"] == "expected a decimal number from 0 to 1, such as 0.75."
    assert found["order"] == "expected asc or desc."
    assert found["on"] == "expected true or false."


@pytest.mark.parametrize(
    "text",
    ["", "nan", "inf", "-0", "+1", "1e0", ".5", "1.", "0,5", " 0.5", "\u0660.5", "0." + "1" * 18],
)
def test_a_number_is_refused_when_it_is_not_a_plain_decimal(text: str) -> None:
    read = reader(x=text)
    assert read.number("x", 0, 1) is None
    assert list(problems(read)) == ["x"]


@pytest.mark.parametrize("text", ["0", "1", "0.5", "1.000", "0.12345678901234567"])
def test_a_number_is_accepted_when_it_lies_within_its_limits(text: str) -> None:
    assert reader(x=text).number("x", 0, 1) == float(text)


def test_the_range_is_refused_when_it_ends_before_it_starts() -> None:
    read = reader(from_="2026-11-22T18:00:00Z", to="2026-11-22T17:59:59.999Z")
    read.time_range()
    assert problems(read) == {"to": "expected a time that is not before from."}


def test_the_device_in_a_path_is_named_when_it_cannot_exist() -> None:
    read = reader()
    assert read.path_device("cam 1") == "cam 1"
    read.refuse("event_id", "expected another one.")
    assert list(problems(read)) == ["device", "event_id"]
