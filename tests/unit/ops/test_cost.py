"""``make cost``: the month of a stage, from the template, the measured work and the prices."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest

from ops.cost.__main__ import main, report
from ops.cost.compare import every_frame, per_image
from ops.cost.facts import read_facts
from ops.cost.modes import Stage
from ops.cost.month import MONTH_S, Fleet, Line, Month, sampled
from ops.cost.tables import load_prices, load_work
from ops.template import load_template
from tests.helpers.template import ROOT

PRICES = load_prices("us-east-1")
FLEETS = (1, 10, 100, 1_000)


PROVISIONED = {"TableCapacity": "provisioned"}


def month(template: dict[str, Any] | None = None, **given: str) -> Month:
    facts = read_facts(template or load_template(), "prod", given)
    return Month(facts, load_work(), PRICES)


def lines(template: dict[str, Any] | None = None, devices: int = 100, **given: str) -> list[Line]:
    return month(template, **given).lines(Fleet(devices, 1_000))


def total(found: list[Line], service: str = "") -> float:
    return sum(line.dollars for line in found if service in line.service)


def changed(function: str, **properties: Any) -> dict[str, Any]:
    template = copy.deepcopy(load_template())
    template["Resources"][function]["Properties"] |= properties
    return template


def test_the_command_prints_the_month(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--devices", "100", "--events-per-day", "1000"]) == 0
    printed = capsys.readouterr().out
    assert printed == report(Fleet(100, 1_000))
    for part in ("DynamoDB", "each camera", "What drives it", "every frame", "Free tiers"):
        assert part in printed


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--devices", "", "--events-per-day", "5"], "DEVICES=: expected a whole number from 1"),
        (["--devices", "0", "--events-per-day", "5"], "DEVICES=0: expected a whole number"),
        (["--devices", "5", "--events-per-day", "x"], "EVENTS_PER_DAY=x: expected a whole number"),
        (["--devices", "5", "--events-per-day", "5", "--region", "xx"], "REGION=xx: prices.toml"),
        (["--devices", "5", "--events-per-day", "5", "--stage", "test"], "STAGE=test: expected"),
        (
            ["--devices", "5", "--events-per-day", "5", "--parameters", "AlertTimeZone=UTC"],
            "PARAMETERS: AlertTimeZone is not in the estimate; expected AlertBatchSeconds, ",
        ),
        (
            ["--devices", "5", "--events-per-day", "5", "--parameters", "TableCapacity=reserved"],
            "PARAMETERS: TableCapacity=reserved: must be on-demand or provisioned",
        ),
    ],
)
def test_the_command_names_what_to_change(
    capsys: pytest.CaptureFixture[str], arguments: list[str], expected: str
) -> None:
    assert main(arguments) == 2
    assert expected in capsys.readouterr().err


@pytest.mark.parametrize("given", [{}, PROVISIONED])
def test_each_line_is_its_quantity_times_its_price(given: dict[str, str]) -> None:
    for line in lines(**given):
        assert line.dollars == pytest.approx(line.quantity * PRICES.units[line.unit])
        assert line.quantity > 0


@pytest.mark.parametrize("given", [{}, PROVISIONED])
def test_the_lines_that_do_not_grow_are_the_same_for_any_fleet(given: dict[str, str]) -> None:
    few, many = lines(devices=1, **given), lines(devices=1_000, **given)
    for found in (few, many):
        assert total([line for line in found if not line.grows]) > 5
    fixed = [[line for line in found if not line.grows] for found in (few, many)]
    assert fixed[0] == fixed[1]


@pytest.mark.parametrize(
    ("properties", "service"),
    [
        ({"Tracing": "Active"}, "X-Ray"),
        ({"MemorySize": 2048}, "Lambda"),
        ({"LoggingConfig": {"SystemLogLevel": "INFO"}}, "CloudWatch logs"),
    ],
)
def test_the_template_decides_about_the_cost(properties: dict[str, Any], service: str) -> None:
    dearer = lines(changed("StoreEventFunction", **properties))
    assert total(dearer, service) > 1.05 * total(lines(), service)


def test_a_queue_without_a_window_takes_more_invocations() -> None:
    template = copy.deepcopy(load_template())
    events = template["Resources"]["StoreEventFunction"]["Properties"]["Events"]
    del events["Queue"]["Properties"]["MaximumBatchingWindowInSeconds"]
    assert total(lines(template), "Lambda") > total(lines(), "Lambda")
    assert total(lines(template), "SQS") > total(lines(), "SQS")


def test_x_ray_samples_a_trace_a_second_and_a_twentieth_of_the_rest() -> None:
    assert sampled(1_000) == 1_000
    assert sampled(3 * MONTH_S) == pytest.approx(1.1 * MONTH_S)


def test_a_service_charges_less_for_further_images() -> None:
    assert per_image(Fleet(1, 1), PRICES) == pytest.approx(1_000 + (MONTH_S - 1e6) * 0.0008)
    each = [per_image(Fleet(devices, 1), PRICES) / devices for devices in FLEETS]
    assert each == sorted(each, reverse=True)
    assert every_frame(Fleet(2, 1), PRICES) == pytest.approx(2 * every_frame(Fleet(1, 1), PRICES))


def test_prices_have_a_date_and_sources() -> None:
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", PRICES.checked_on)
    assert all(url.startswith("https://aws.amazon.com/") for url in PRICES.sources.values())
    used = {line.unit for one in ({}, PROVISIONED) for line in lines(**one)}
    used.add("lambda_gb_seconds_x86_64")
    assert used <= set(PRICES.units)


@pytest.mark.parametrize("devices", FLEETS)
def test_the_docs_state_what_a_camera_costs(devices: int) -> None:
    """Run ``python -m scripts.cost_document`` when this fails."""
    text = (ROOT / "docs/cost.md").read_text("utf-8")
    row = rf"^\| {devices:,} \| \$([\d.,]+) \| \$([\d.]+) \| \$([\d.]+) \|"
    [(stage, each, provisioned)] = re.findall(row, text, re.MULTILINE)
    dollars = total(lines(devices=devices))
    assert float(stage.replace(",", "")) == pytest.approx(dollars, rel=0.1)
    assert float(each) == pytest.approx(dollars / devices, rel=0.1)
    stage_of = Stage(load_template(), "prod", load_work(), PRICES)
    other = stage_of.modes(Fleet(devices, 1_000), {}).dollars["provisioned"]
    assert float(provisioned) == pytest.approx(other / devices, rel=0.1)
