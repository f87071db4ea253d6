"""The runbook has a page for each alarm of the template, and its commands name what exists."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from scripts.translate_template import packaged_template, translate
from tests.helpers.template import ROOT

RUNBOOK = ROOT / "docs" / "runbook"
INDEX = RUNBOOK / "README.md"
PAGES = sorted(page for page in RUNBOOK.glob("*.md") if page != INDEX)
HEADINGS = ["What it means", "Look here", "Do this", "Done when"]
ALARMS = {"AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"}
# Names in the consoles of AWS, which runbook pages also set in italics.
CONSOLE = {"Delivery status logging"}
_ALARM = re.compile(r"`(\w+Alarm)`")


def alarms_of(page: Path) -> list[str]:
    """Return the alarms that a page is about."""
    return _ALARM.findall(page.read_text("utf-8").split("\n## ", 1)[0])


@pytest.fixture(scope="module")
def alarms(template: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        name: resource["Properties"]
        for name, resource in template["Resources"].items()
        if resource["Type"] in ALARMS
    }


@pytest.fixture(scope="module")
def created() -> dict[str, Any]:
    """What the template creates, with what SAM adds."""
    resources: dict[str, Any] = translate(packaged_template(), Stage="prod")["Resources"]
    return resources


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_page_has_the_four_parts_and_fits_a_screen(page: Path) -> None:
    lines = page.read_text("utf-8").splitlines()
    assert [line[3:] for line in lines if line.startswith("## ")] == HEADINGS
    parts = page.read_text("utf-8").split("\n## ")[1:]
    assert all(len(part.partition("\n")[2].strip()) > 30 for part in parts), page.name
    assert len(lines) <= 80


def test_every_alarm_has_one_page_and_every_page_an_alarm(
    alarms: dict[str, dict[str, Any]],
) -> None:
    named = [name for page in PAGES for name in alarms_of(page)]
    assert sorted(named) == sorted(alarms)
    assert all(alarms_of(page) for page in PAGES)


def test_the_description_of_an_alarm_names_its_page(alarms: dict[str, dict[str, Any]]) -> None:
    pages = {name: page for page in PAGES for name in alarms_of(page)}
    for name, alarm in alarms.items():
        described = alarm["AlarmDescription"]
        assert described.endswith(f". See docs/runbook/{pages[name].name}"), name
        assert len(described) <= 1024, "as many characters as CloudWatch takes"


def test_the_index_lists_every_alarm_with_its_page() -> None:
    rows = re.findall(r"^\| (.+) \| \[(.+)\]\((.+\.md)\) \|$", INDEX.read_text("utf-8"), re.M)
    listed = {file: (title, sorted(_ALARM.findall(names))) for names, title, file in rows}
    assert listed == {
        page.name: (page.read_text("utf-8").splitlines()[0][2:], sorted(alarms_of(page)))
        for page in PAGES
    }


@pytest.mark.parametrize("page", [INDEX, *PAGES], ids=lambda page: page.stem)
def test_commands_name_resources_and_outputs_of_the_template(
    page: Path, created: dict[str, Any], template: dict[str, Any]
) -> None:
    text = page.read_text("utf-8")
    logical_ids = re.findall(r"--logical-resource-id\s+(\w+)", text)
    mentioned = re.findall(r"`(\w+(?:LogGroup|Queue|Rule|Role))`", text)
    assert {*logical_ids, *mentioned} <= created.keys()
    outputs = re.findall(r"OutputKey=='(\w+)'", text) + re.findall(r"output `(\w+)`", text)
    assert set(outputs) <= template["Outputs"].keys()
    parameters = re.findall(r"PARAMETERS='?((?:\w+=\S+ ?)+)", text)
    named = {name for one in parameters for name in re.findall(r"(\w+)=", one)}
    assert named <= template["Parameters"].keys()


def test_queries_ask_for_lines_that_the_functions_log() -> None:
    text = "\n".join(page.read_text("utf-8") for page in PAGES)
    messages = set(re.findall(r'(?:\$\.message|filter message) = "([^"]+)"', text))
    assert len(messages) >= 3
    searched = ["functions", "layers/smile_cloud"]
    for message in messages:
        found = subprocess.run(
            ["git", "grep", "-q", "--fixed-strings", f'"{message}"', "--", *searched],
            cwd=ROOT,
            check=False,
        )
        assert found.returncode == 0, f"no function logs {message!r}"


def test_pages_name_graphs_of_the_dashboard(template: dict[str, Any]) -> None:
    body = str(template["Resources"]["Dashboard"]["Properties"]["DashboardBody"])
    graphs = {title.split(" (seconds)")[0] for title in re.findall(r'"title": "([^"]+)"', body)}
    for page in PAGES:
        text = " ".join(page.read_text("utf-8").split())
        text = text.replace("view *Cameras*", "")  # of the product's own dashboard
        named = set(re.findall(r"(?<!\*)\*([A-Z][^*]+)\*(?!\*)", text))
        assert named <= graphs | CONSOLE, page.name
