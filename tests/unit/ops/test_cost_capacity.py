"""``make cost``: the capacity mode of the table, and what else an operator can switch on."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from typing import Any

import pytest

from ops.cost.__main__ import main, report
from ops.cost.compare import total
from ops.cost.facts import COUNTED, read_facts
from ops.cost.modes import Stage
from ops.cost.month import MONTH_S, Fleet, Month
from ops.cost.tables import load_prices, load_work
from ops.template import load_template
from tests.helpers.template import ROOT

PRICES, WORK = load_prices("us-east-1"), load_work()
THOUSAND = Fleet(1_000, 1_000)
DOCUMENT = (ROOT / "docs/cost.md").read_text("utf-8")


def stage() -> Stage:
    return Stage(load_template(), "prod", WORK, PRICES)


def dollars(
    fleet: Fleet = THOUSAND,
    template: dict[str, Any] | None = None,
    work: dict[str, Any] | None = None,
    **given: str,
) -> float:
    facts = read_facts(template or load_template(), "prod", given)
    return total(Month(facts, work or WORK, PRICES).lines(fleet))


def provisioned(fleet: Fleet = THOUSAND) -> dict[str, str]:
    """Return the parameters that the report recommends."""
    return dict(stage().modes(fleet, {}).parameters)


def hours(fleet: Fleet, what: str, **given: str) -> float:
    """Return the unit-hours of a month."""
    facts = read_facts(load_template(), "prod", {"TableCapacity": "provisioned"} | given)
    return sum(
        line.quantity
        for line in Month(facts, WORK, PRICES).lines(fleet)
        if line.what.startswith("unit-hours") and line.what.endswith(what)
    )


def test_provisioned_units_are_the_average_use_over_the_target() -> None:
    table, beats = WORK["table"], 1_000 * MONTH_S / WORK["messages"]["heartbeat_s"]
    events, checks = THOUSAND.events, 1_000 * MONTH_S / 60
    sent, wanted = 10 * 1_440 * 30, 1_000 * 288 * 30
    of_index = events * table["index_write_units_per_event"]
    written = events * table["write_units_per_event"] - of_index
    written += beats * table["write_units_per_heartbeat"]
    written += sent * table["write_units_sent"] + (wanted - sent) * table["write_units_digested"]
    written += (events - wanted) * table["write_units_suppressed"]
    read = events * (table["read_units_per_event"] + 2 * table["read_units_per_message"])
    read += checks * (table["read_units_per_check"] - table["index_read_units_per_check"])
    for what, units in (
        ("writes of the table", written),
        ("writes of the index", of_index),
        ("reads of the table", read),
    ):
        assert hours(THOUSAND, what) == pytest.approx(units / MONTH_S / 0.7 * 720, rel=0.03)
        assert hours(THOUSAND, what) >= units / MONTH_S / 0.7 * 720


def test_a_small_fleet_pays_for_the_minimum() -> None:
    one = Fleet(1, 1)
    assert hours(one, "writes of the table") == 5 * 720
    assert hours(one, "reads of the index") == 5 * 720
    assert hours(one, "writes of the table", TableWriteUnits="100") == 100 * 720
    assert hours(one, "reads of the table", TableReadUnits="50") == 50 * 720
    assert hours(one, "writes of the index", IndexWriteUnits="20") == 20 * 720


def test_the_template_decides_about_the_target() -> None:
    template = copy.deepcopy(load_template())
    policy = template["Resources"]["TableWriteScaling"]["Properties"]
    policy["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] = 35
    provisioned = dollars(TableCapacity="provisioned")
    more = dollars(template=template, TableCapacity="provisioned") - provisioned
    units = hours(THOUSAND, "writes of the table")
    assert more == pytest.approx(units * PRICES.units["dynamodb_write_unit_hours"], rel=0.01)


def test_the_alarms_of_auto_scaling_are_paid() -> None:
    def alarms(mode: str) -> float:
        facts = read_facts(load_template(), "prod", {"TableCapacity": mode})
        lines = Month(facts, WORK, PRICES).lines(THOUSAND)
        return sum(line.quantity for line in lines if line.unit == "cloudwatch_alarm_metrics")

    assert alarms("provisioned") - alarms("on-demand") == 4 * 4


@pytest.mark.parametrize(("cameras", "cheaper"), [(1, "on-demand"), (1_000, "provisioned")])
def test_the_report_says_which_mode_is_cheaper(cameras: int, cheaper: str) -> None:
    fleet = Fleet(cameras, 1_000)
    for given in ({}, {"TableCapacity": "provisioned"}):
        rows = re.findall(
            r"TableCapacity=([\w-]+) +([\d.]+)(  cheaper)?", report(fleet, given=given)
        )
        modes = {mode: float(each) for mode, each, _ in rows}
        assert [mode for mode, _, mark in rows if mark] == [cheaper]
        assert min(modes, key=lambda mode: modes[mode]) == cheaper
        assert modes["on-demand"] == pytest.approx(dollars(fleet) / cameras, abs=0.001)
        chosen = given or provisioned(fleet)
        assert modes["provisioned"] == pytest.approx(dollars(fleet, **chosen) / cameras, abs=0.001)


@pytest.mark.parametrize("cameras", [1, 1_000, 20_000])
def test_the_report_names_parameters_that_fit_the_fleet(
    capsys: pytest.CaptureFixture[str], cameras: int
) -> None:
    asked = ["--devices", str(cameras), "--events-per-day", "1000"]
    assert main(asked) == 0
    [chosen] = re.findall(r"PARAMETERS='([^']+)'", capsys.readouterr().out)
    assert main([*asked, "--parameters", chosen]) == 0
    given = dict(one.split("=") for one in chosen.split())
    assert given == provisioned(Fleet(cameras, 1_000))
    minima = [int(given[one]) for one in ("TableWriteUnits", "TableReadUnits", "IndexWriteUnits")]
    assert int(given.get("TableMaxUnits", "4000")) >= 1.4 * max(minima), "room for a burst"


def test_the_index_has_enough_when_the_table_writes_nothing_but_events() -> None:
    table, given = WORK["table"], provisioned()
    of_index = table["index_write_units_per_event"]
    share = of_index / (table["write_units_per_event"] - of_index)
    assert int(given["IndexWriteUnits"]) >= share * int(given["TableWriteUnits"])
    assert int(given["TableWriteUnits"]) * 720 == hours(THOUSAND, "writes of the table")


def test_every_counted_parameter_is_one_of_the_template() -> None:
    assert set(COUNTED) <= load_template()["Parameters"].keys()
    assert total(stage().month({"Architecture": "x86_64"}).lines(THOUSAND)) > dollars()


def basic_ingest() -> float:
    work = copy.deepcopy(dict(WORK))
    work["messages"]["basic_ingest"] = True
    return dollars(work=work)


def everything() -> float:
    work = copy.deepcopy(dict(WORK))
    work["messages"]["basic_ingest"] = True
    return dollars(work=work, AlertBatchSeconds="1", EventRetentionDays="30", **provisioned())


@pytest.mark.parametrize(
    ("option", "cost"),
    [
        ("TableCapacity=provisioned", lambda: dollars(**provisioned())),
        ("mqtt.basic_ingest_rule", basic_ingest),
        ("AlertBatchSeconds=1", lambda: dollars(AlertBatchSeconds="1")),
        ("EventRetentionDays=30", lambda: dollars(EventRetentionDays="30")),
    ],
)
def test_the_docs_state_what_an_option_saves(option: str, cost: Callable[[], float]) -> None:
    [saved] = re.findall(rf"^\| `{re.escape(option)}`[^|]*\| \$([\d.]+) \|", DOCUMENT, re.MULTILINE)
    assert float(saved) == pytest.approx((dollars() - cost()) / 1_000, abs=0.002)


def test_the_docs_state_what_all_options_leave() -> None:
    [left] = re.findall(r"With all four, each of 1,000 cameras costs \$(\d+\.\d+)", DOCUMENT)
    assert float(left) == pytest.approx(everything() / 1_000, abs=0.006)
    assert everything() / 1_000 > 0.30, "then say that the target is reached"


def test_the_docs_state_from_which_fleet_on_provisioned_capacity_is_cheaper() -> None:
    text = " ".join(DOCUMENT.split())
    [cameras] = re.findall(r"from about (\d+) cameras with 1,000 events a day", text)
    for factor, is_cheaper in ((0.8, False), (1.2, True)):
        fleet = Fleet(round(int(cameras) * factor), 1_000)
        assert (dollars(fleet, **provisioned(fleet)) < dollars(fleet)) is is_cheaper


def test_the_decision_states_what_a_camera_costs() -> None:
    text = (ROOT / "docs/decisions/24-cost.md").read_text("utf-8")
    for stated, cameras in zip(
        re.findall(r"says? \$([\d.]+) (?:with these )?and \$[\d.]+", text),
        (1_000, 100),
        strict=True,
    ):
        assert float(stated) == pytest.approx(dollars(Fleet(cameras, 1_000)) / cameras, abs=0.006)


def test_the_docs_show_the_parameters_of_a_thousand_cameras() -> None:
    text = (ROOT / "docs/capacity.md").read_text("utf-8")
    chosen = " ".join(f"{name}={value}" for name, value in provisioned().items())
    assert f"PARAMETERS='{chosen}'" in text
    begin = int(provisioned()["TableWriteUnits"])
    assert f"from {begin} to the 870 write units" in text
    assert "at most 43 % more in each step" in text and round(100 / 0.7) - 100 == 43
    used = PRICES.units["dynamodb_write_unit_hours"] / 3600 / 0.7
    assert "costs two fifths as much" in text
    assert used / PRICES.units["dynamodb_write_units"] == pytest.approx(2 / 5, abs=0.02)


def test_the_docs_state_what_cheaper_reads_of_settings_would_save() -> None:
    messages = THOUSAND.events * WORK["messages"]["per_event"] / 1_000
    unit = PRICES.units["dynamodb_read_units"]
    call_s, memory_gb = 0.0075, 0.5  # docs/capacity.md: 15 ms for two calls, 512 MB
    call = call_s * memory_gb * PRICES.units["lambda_gb_seconds_arm64"]
    assert "| read settings and erased ranges with eventual consistency | saves $0.008:" in DOCUMENT
    assert messages * (3 * unit / 2 - call) == pytest.approx(0.008, abs=0.0005)
    assert (
        "| keep the settings of the fleet in memory for some seconds | saves $0.0075," in DOCUMENT
    )
    assert messages * unit == pytest.approx(0.0075)


def test_the_docs_count_the_alarms_of_auto_scaling() -> None:
    facts = read_facts(load_template(), "prod")
    alarms = len(facts.scalings) * WORK["table"]["alarms_per_policy"]
    assert f"its minimum and its {alarms} alarms" in DOCUMENT
