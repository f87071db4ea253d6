"""Settings are accepted or rejected, one change as a whole."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from edge_lambda.config import EdgeConfig, load_config
from edge_lambda.control.accepted_file import AcceptedFile
from edge_lambda.control.runtime_settings import CONTROLLED, RuntimeSettings
from edge_lambda.smiles.thresholds import resolve_thresholds

TRIANGLE = [[0, 0], [1, 0], [0.5, 1]]
LARGEST = 0.99


def resolve(config: EdgeConfig) -> dict[str, object]:
    on, off = resolve_thresholds(config.smile, 0.6, 0.4, LARGEST)
    return {"smile.threshold_on": on, "smile.threshold_off": off}


def settings_of(path: Path | None = None, **overrides: object) -> RuntimeSettings:
    base = load_config(
        None, {"source": "0"} | {k.replace("__", "."): overrides[k] for k in overrides}
    )
    return RuntimeSettings(base, resolve, AcceptedFile(path))


def rejected(settings: RuntimeSettings) -> dict[str, str]:
    return {one["field"]: one["reason"] for one in settings.report()["rejected"]}


def test_every_controlled_setting_is_applied_and_reported() -> None:
    settings = settings_of()
    desired: dict[str, Any] = {
        "paused": True,
        "smile": {"threshold_on": 0.8, "threshold_off": 0.3, "min_duration_ms": 700},
        "vision": {"min_face_px": 40, "max_faces": 2},
        "zones": {"include": [TRIANGLE], "ignore": []},
        "health": {"interval_s": 30},
    }
    settings.want(desired)
    assert settings.report() == desired | {"rejected": []}
    config = settings.config
    assert (config.paused, config.smile.threshold_on, config.health.interval_s) == (True, 0.8, 30)
    assert config.zones.include == (((0.0, 0.0), (1.0, 0.0), (0.5, 1.0)),)


def test_report_says_what_is_in_effect_when_nothing_is_wanted() -> None:
    report = settings_of(smile__min_duration_ms=250.0).report()
    assert report["smile"] == {"threshold_on": 0.6, "threshold_off": 0.4, "min_duration_ms": 250.0}
    assert report["paused"] is False and report["rejected"] == []
    assert json.loads(json.dumps(report)) == report
    sections = {key: value for key, value in report.items() if isinstance(value, dict)}
    flat = {f"{section}.{name}" for section, values in sections.items() for name in values}
    assert flat | {"paused"} == set(CONTROLLED)


@pytest.mark.parametrize(
    ("desired", "field", "reason"),
    [
        ({"smile": {"threshold_on": 2}}, "smile.threshold_on", "expected less than 1.0, got 2"),
        ({"smile": {"threshold_on": "high"}}, "smile.threshold_on", "expected a number, got"),
        ({"smile": {"threshold_on": 0.995}}, "smile.threshold_on", "0.995 can never be reached"),
        ({"smile": {"threshold_off": 0.7}}, "smile.threshold_off", "expected less than"),
        ({"paused": "yes"}, "paused", "expected true or false"),
        ({"vision": {"max_faces": 1.5}}, "vision.max_faces", "expected a whole number"),
        ({"health": {"interval_s": 1}}, "health.interval_s", "expected at least 10"),
        ({"zones": {"include": [[[0, 0]]]}}, "zones.include", "polygon 1: expected 3 to 32 points"),
        ({"mqtt": {"url": "mqtt://x"}}, "mqtt.url", "cannot be changed while the device runs"),
        ({"smile": {"treshold": 1}}, "smile.treshold", "unknown key"),
        ({"smile": 1}, "smile", "unknown key"),
    ],
)  # fmt: skip
def test_bad_value_is_rejected_with_field_and_reason_and_nothing_changes(
    desired: dict[str, Any], field: str, reason: str
) -> None:
    settings = settings_of()
    settings.want({"vision": {"min_face_px": 40}})
    before = settings.config
    settings.want({"vision": {"min_face_px": 40}} | desired)
    assert settings.config == before
    assert rejected(settings)[field].startswith(reason)


def test_change_with_one_bad_value_is_rejected_as_a_whole() -> None:
    settings = settings_of()
    bad = {"paused": True, "health": {"interval_s": 1}}
    for _ in range(2):  # the same again, after a new connection
        settings.want(bad)
        assert settings.config.paused is False
        assert rejected(settings) == {
            "health.interval_s": "expected at least 10.0, got 1",
            "paused": "not applied, because health.interval_s was rejected",
        }


def test_every_bad_value_is_named_at_once() -> None:
    settings = settings_of()
    settings.want(
        {
            "smile": {"treshold": 1, "threshold_off": 0.7, "min_duration_ms": -1},
            "mqtt": {"url": "mqtt://x"},
            "health": {"interval_s": 1},
            "paused": True,
        }
    )
    assert rejected(settings) == {
        "smile.treshold": "unknown key",
        "mqtt.url": "cannot be changed while the device runs",
        "smile.min_duration_ms": "expected at least 0.0, got -1",
        "health.interval_s": "expected at least 10.0, got 1",
        "smile.threshold_off": "expected less than threshold_on (0.6), got 0.7",
        "paused": "not applied, because smile.treshold was rejected",
    }
    assert settings.config.paused is False


def test_threshold_is_not_blamed_when_the_other_one_is_bad() -> None:
    settings = settings_of()
    settings.want({"smile": {"threshold_on": "0.9", "threshold_off": 0.7}})
    assert rejected(settings) == {
        "smile.threshold_on": "expected a number, got '0.9'",
        "smile.threshold_off": "not applied, because smile.threshold_on was rejected",
    }
    settings.want({"smile": {"threshold_on": 0.9, "threshold_off": 0.7}})
    assert (settings.config.smile.threshold_off, rejected(settings)) == (0.7, {})


def test_rejected_value_does_not_block_later_changes_of_others() -> None:
    settings = settings_of()
    settings.want({"health": {"interval_s": 1}})
    settings.want({"health": {"interval_s": 1}, "paused": True})
    assert settings.config.paused is True
    assert list(rejected(settings)) == ["health.interval_s"]


def test_rest_of_a_rejected_change_is_applied_when_the_bad_value_is_mended() -> None:
    settings = settings_of()
    settings.want({"health": {"interval_s": 1}, "paused": True})
    settings.want({"health": {"interval_s": 20}, "paused": True})
    assert (settings.config.paused, settings.config.health.interval_s) == (True, 20)
    assert rejected(settings) == {}


def test_rejected_value_is_applied_when_another_change_makes_it_possible() -> None:
    settings = settings_of()
    settings.want({"smile": {"threshold_off": 0.7}})
    settings.want({"smile": {"threshold_off": 0.7, "threshold_on": 0.9}})
    assert settings.config.smile.threshold_off == 0.7
    assert rejected(settings) == {}


def test_old_value_stays_when_its_new_value_is_rejected_beside_a_good_change() -> None:
    settings = settings_of()
    settings.want({"health": {"interval_s": 20}})
    settings.want({"health": {"interval_s": 1}})
    settings.want({"health": {"interval_s": 1}, "paused": True})
    assert (settings.config.paused, settings.config.health.interval_s) == (True, 20)


def test_setting_that_is_no_longer_wanted_goes_back_to_the_start() -> None:
    settings = settings_of(smile__threshold_on=0.65)
    settings.want({"smile": {"threshold_on": 0.8}})
    settings.want({})
    assert settings.config.smile.threshold_on == 0.65


def test_what_the_console_of_aws_adds_is_ignored() -> None:
    settings = settings_of()
    settings.want({"welcome": "aws-iot", "paused": True})
    assert settings.config.paused is True


@pytest.mark.parametrize(
    ("value", "is_reported"),
    [(1, True), (0.5, True), (True, True), ("1", False), (None, False), (10**40, False),
     (float("nan"), False), ([1], False)],
)  # fmt: skip
def test_rejected_number_is_reported_so_that_readers_know_what_was_answered(
    value: object, is_reported: bool
) -> None:
    settings = settings_of()
    settings.want({"health": {"interval_s": value}})
    (one,) = settings.report()["rejected"]
    assert ("value" in one) == is_reported
    assert one.get("value") == (value if is_reported else None)


@pytest.mark.parametrize("letter", ["x", "\N{GRINNING FACE}"])
def test_report_stays_small_when_much_is_wrong(letter: str) -> None:
    settings = settings_of()
    settings.want({"paused": True, "health": {"interval_s": letter * 400}})
    assert settings.report()["rejected"][0]["reason"].endswith("…")
    unknown: dict[str, Any] = {f"{letter * 400}{number}": 1 for number in range(100)}
    settings.want({"paused": True} | unknown | {"health": {"interval_s": 1}})
    assert 1000 < len(json.dumps(settings.report())) < 6000
    *shown, last = settings.report()["rejected"]
    assert (len(shown), last) == (10, {"field": "…", "reason": "92 more"})
    assert "paused" not in [one["field"] for one in shown]  # faults of their own come first


def test_all_zones_at_their_limits_and_some_rejections_fit_into_a_shadow() -> None:
    points = [[round(0.5 + i / 64, 3), 0.123] for i in range(31)] + [[0.987, 0.987]]
    settings = settings_of()
    settings.want({"zones": {"include": [points] * 16}})
    assert rejected(settings) == {}
    assert len(json.dumps(settings.report(), separators=(",", ":"))) < 8192
    bad = {f"unknown_{number}": {"a" * 150: 1} for number in range(20)}
    settings.want({"zones": {"include": [points] * 16}} | bad)
    assert len(json.dumps(settings.report(), separators=(",", ":"))) < 8192
    assert 1 < len(settings.report()["rejected"]) < 10


def test_followers_get_each_new_configuration() -> None:
    settings, seen = settings_of(), []
    settings.follow(lambda config: seen.append(config.paused))
    settings.want({"paused": True})
    settings.want({"paused": 3})
    settings.want({})
    assert seen == [False, True, False]


def test_accepted_settings_survive_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "new" / "o.settings"
    settings_of(path).want({"paused": True, "zones": {"ignore": [TRIANGLE]}})
    settings = settings_of(path)
    assert settings.config.paused is True and len(settings.config.zones.ignore) == 1
    settings.want({"paused": 3})  # replaces both
    assert settings_of(path).config.paused is True
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in path.parent.iterdir()] == ["o.settings"]
    settings.want({})
    assert settings_of(path).config.paused is False


@pytest.mark.parametrize("content", ["", "[1]", "{", '{"paused": 3}', '{"mqtt.url": "x"}', "\xff"])
def test_unusable_stored_settings_are_ignored_and_logged(
    content: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "o.settings"
    path.write_bytes(content.encode("latin-1"))
    assert settings_of(path).config.paused is False
    assert "stored settings" in caplog.text
    settings_of(path).want({"paused": True})
    assert settings_of(path).config.paused is True


def test_settings_are_in_effect_when_the_disk_fails(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "file" / "o.settings"
    (tmp_path / "file").write_text("in the way")
    settings = settings_of(path)
    settings.want({"paused": True})
    assert settings.config.paused is True
    assert "settings are not stored" in caplog.text
