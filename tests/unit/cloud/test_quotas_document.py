"""docs/quotas.md states what the template and the code set."""

from __future__ import annotations

import re
from typing import Any

import pytest

from edge_lambda.settings import MqttSettings
from scripts.translate_template import packaged_template, translate
from smile_cloud.history_api import export
from smile_cloud.history_api.requests import MAX_LIMIT
from smile_cloud.keys import DAY_SHARDS
from smile_cloud.photo_api.requests import MAX_BYTES
from smile_cloud.retry import MAX_ATTEMPTS
from tests.helpers.template import ROOT, properties

TEXT = (ROOT / "docs" / "quotas.md").read_text("utf-8")
EVERYTHING = {
    "EdgeThingGroup": "cameras",
    "SilentFleetHours": "3",
    "ApiAccess": "jwt",
    "JwtIssuer": "https://issuer.example.com",
    "JwtAudience": "smile",
    "ApiGatewayLogRole": "create",
}
WORDS = {3: "three", 4: "four", 5: "five", 6: "six", 8: "eight"}


def test_every_row_is_complete() -> None:
    rows = [line for line in TEXT.splitlines() if line.startswith("| ") and "---" not in line]
    assert len(rows) > 25
    for row in rows:
        cells = [cell.strip() for cell in row.strip("|").split(" | ")]
        assert len(cells) == 5 and all(cells), row


def test_every_table_names_a_page_of_aws() -> None:
    for section in TEXT.split("\n## ")[1:]:
        assert "](https://docs.aws.amazon.com/" in section, section.splitlines()[0]


def test_files_exist() -> None:
    files = [*re.findall(r"`([\w/]+\.(?:py|yaml))`", TEXT), "scripts/slim_litert"]
    for file in set(files):
        path = file.replace("smile_cloud/", "layers/smile_cloud/python/smile_cloud/")
        assert (ROOT / path).is_file(), file


def test_a_stage_has_the_resources_that_the_document_counts() -> None:
    translated = translate(packaged_template(), Stage="prod", **EVERYTHING)
    count = len(translated["Resources"])
    (stated,) = re.findall(r"a stage has about (\d+), after SAM", TEXT)
    assert count == pytest.approx(int(stated), rel=0.1)
    assert count <= 500


def test_concurrency_and_limits_are_those_of_the_template(template: dict[str, Any]) -> None:
    functions = [
        one["Properties"]["Events"]["Queue"]["Properties"]
        for one in template["Resources"].values()
        if one["Type"] == "AWS::Serverless::Function"
        and "Queue" in one["Properties"].get("Events", {})
    ]
    concurrency = [one["ScalingConfig"]["MaximumConcurrency"] for one in functions]
    assert f"{sum(concurrency)} for the {WORDS[len(functions)]} functions behind queues" in TEXT
    assert f"at most {WORDS[max(concurrency)]} invocations" in TEXT
    every, photos = properties(template, "SmileApi")["MethodSettings"]
    plan = properties(template, "UsagePlan")
    assert (
        f"the stage takes {every['ThrottlingRateLimit']} a second, bursts of "
        f"{every['ThrottlingBurstLimit']}, photos {photos['ThrottlingRateLimit']} a second; each "
        f"key {plan['Throttle']['RateLimit']} a second and {plan['Quota']['Limit']:,} a day" in TEXT
    )
    default = template["Parameters"]["AlertsPerMinute"]["Default"]
    assert f"`AlertsPerMinute`, {default} by default" in TEXT


@pytest.mark.parametrize(
    "stated",
    [
        f"a photo has at most {MAX_BYTES:,} bytes",
        f"an answer at most {MAX_LIMIT} events",
        f"an export stops at {export.MAX_BYTES:,} bytes",
        f"repeated up to {WORDS[MAX_ATTEMPTS]} times",
        f"{WORDS[DAY_SHARDS]} shards of a day",
        f"`mqtt.max_publishes_per_s` is {MqttSettings().max_publishes_per_s:.0f}",
    ],
)
def test_bounds_are_those_of_the_code(stated: str) -> None:
    assert stated in TEXT
