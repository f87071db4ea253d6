"""What a cold start of each function imports, and what it reports."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from tests.helpers.functions import AWS_ENVIRONMENT, ENVIRONMENT, FUNCTIONS
from tests.helpers.rule_events import sample

NAMES = sorted(path.parent.name for path in FUNCTIONS.glob("*/app.py"))
# Loads the function, answers the events, and prints each status and the modules that were loaded.
PROGRAM = """
import json, sys, warnings
warnings.simplefilter("error")
from tests.helpers.functions import CONTEXT, load_function
module = load_function(sys.argv[1])
statuses = [module.handler(event, CONTEXT)["statusCode"] for event in json.loads(sys.argv[2])]
print(json.dumps({"statuses": statuses, "modules": sorted(sys.modules)}))
"""


def cold_start(
    function: str, *events: Any, program: str = PROGRAM, **environment: str
) -> list[dict[str, Any]]:
    """Return what a fresh process prints: logs, metrics, and the line of `PROGRAM`."""
    done = subprocess.run(
        [sys.executable, "-c", program, function, json.dumps(events)],
        env=os.environ | AWS_ENVIRONMENT | ENVIRONMENT | environment,
        cwd=FUNCTIONS.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("name", NAMES)
def test_no_function_imports_boto3(name: str) -> None:
    assert "boto3" not in cold_start(name)[-1]["modules"]


def test_the_openapi_document_needs_no_aws_client() -> None:
    [*_, last] = cold_start("history_api", sample("history_api/openapi"))
    assert last["statuses"] == [200]
    assert not {"boto3", "botocore.client", "botocore.session"} & set(last["modules"])


def test_an_api_key_is_read_without_the_libraries_for_tokens() -> None:
    program = PROGRAM.replace('["statusCode"]', '["principalId"]')
    [*_, last] = cold_start(
        "authorize", sample("authorize/read"), program=program, API_ACCESS="key"
    )
    assert last["statuses"] == ["read"]
    assert not {"jwt", "cryptography", "ssl", "urllib.request"} & set(last["modules"])


def test_the_page_for_people_with_a_key_loads_nothing_for_tokens() -> None:
    [*_, last] = cold_start("dashboard", sample("dashboard/page"), API_ACCESS="key")
    assert last["statuses"] == [200]
    assert not {"jwt", "cryptography", "smile_cloud.issuer.documents"} & set(last["modules"])


def test_the_cold_start_is_counted_once() -> None:
    event = sample("history_api/openapi")
    counted, last = cold_start("history_api", event, event)
    assert counted["ColdStart"] == [1.0]
    assert last["statuses"] == [200, 200]


def test_a_failed_request_is_logged_with_the_id_that_the_client_sees() -> None:
    event = sample("history_api/list")
    printed = cold_start("history_api", event, CURSOR_KEY="")
    [failure] = [line for line in printed if line.get("level") == "ERROR"]
    assert failure["correlation_id"] == event["requestContext"]["requestId"]
    assert printed[-1]["statuses"] == [500]
