from __future__ import annotations

import json
from typing import Any
from zoneinfo import available_timezones

import pytest

from smile_cloud.alert_settings.fields import FIELDS, encode, to_document
from smile_cloud.alert_settings.model import AlertSettings
from smile_contract import ContractError
from tests.helpers.alert_settings import GOOD, HOURS

BAD: list[tuple[str, Any, str]] = [
    ("min_peak_score", -0.1, "expected a number from 0 to 1, got -0.1"),
    ("min_peak_score", "0.5", "expected a number from 0 to 1, got '0.5'"),
    ("min_peak_score", True, "expected a number from 0 to 1, got true"),
    ("min_duration_ms", 3_600_001, "expected a whole number, from 0 to 3600000, got 3600001"),
    ("cooldown_s", 86_401, "expected a whole number, from 0 to 86400, got 86401"),
    ("cooldown_s", 1.5, "expected a whole number, from 0 to 86400, got 1.5"),
    ("max_per_hour", 1001, "expected a whole number, from 0 to 1000, got 1001"),
    ("max_per_hour", None, "expected a whole number, from 0 to 1000, got null"),
    ("sure_score", 1.01, "expected a number from 0 to 1, got 1.01"),
    ("quiet_hours", {}, 'expected null or {"start": "22:00", "end": "07:00"}, got an object'),
    ("quiet_hours", "22:00", 'expected null or {"start": "22:00", "end": "07:00"}, got \'22:00\''),
    ("quiet_hours", {**HOURS, "x": 1}, "expected null or"),
    ("quiet_hours", {"start": "24:00", "end": "07:00"}, "expected a time such as 22:00"),
    ("quiet_hours", {"start": "9:00", "end": "07:00"}, "expected a time such as 22:00"),
    ("quiet_hours", {"start": "22:00", "end": 7}, "expected a time such as 22:00, got 7"),
    ("quiet_hours", {"start": "07:00", "end": "07:00"}, "expected another time than start"),
    ("time_zone", "Europe/Atlantis", "expected an IANA time zone such as Europe/Berlin"),
    ("time_zone", "Europe", "expected an IANA time zone"),
    ("time_zone", "../../etc/passwd", "expected an IANA time zone"),
    ("time_zone", "posix/Europe/Berlin/x", "expected an IANA time zone"),
    ("time_zone", "localtime", "expected an IANA time zone"),
    ("time_zone", "", "expected an IANA time zone"),
    ("time_zone", None, "expected an IANA time zone such as Europe/Berlin, got null"),
    ("suspended_until", "tomorrow", "expected an RFC 3339 time such as"),
    ("suspended_until", 0, "expected an RFC 3339 time such as"),
    ("display_name", "", "expected 1 to 60 printable characters"),
    ("display_name", "n" * 61, "expected 1 to 60 printable characters"),
    ("display_name", " Door", "expected 1 to 60 printable characters"),
    ("display_name", "\u200c\u200d", "expected 1 to 60 printable characters"),
    ("display_name", "Front\ndoor", "expected 1 to 60 printable characters"),
    ("display_name", "a\u202eb", "expected 1 to 60 printable characters"),  # reads backwards
    ("display_name", "\ud800", "expected 1 to 60 printable characters"),
    ("display_name", 1, "expected 1 to 60 printable characters"),
]


@pytest.mark.parametrize(("name", "value", "expected"), GOOD)
def test_a_value_is_read_and_written_when_it_is_valid(name: str, value: Any, expected: Any) -> None:
    read = FIELDS[name].decode(value, name)
    assert read == expected
    assert FIELDS[name].decode(json.loads(json.dumps(encode({name: read})))[name], name) == read


@pytest.mark.parametrize(("name", "value", "problem"), BAD)
def test_a_value_is_refused_with_what_is_expected(name: str, value: Any, problem: str) -> None:
    with pytest.raises(ContractError) as caught:
        FIELDS[name].decode(value, name)
    assert caught.value.field.startswith(name)
    assert caught.value.problem.startswith(problem)


def test_every_zone_of_people_is_accepted() -> None:
    refused = set()
    for zone in available_timezones():
        try:
            FIELDS["time_zone"].decode(zone, "time_zone")
        except ContractError:
            refused.add(zone)
    assert refused <= {"Factory", "localtime", "posixrules"}


def test_the_document_holds_every_setting() -> None:
    assert list(to_document(AlertSettings())) == list(FIELDS)
