"""``GET /docs``: the OpenAPI document as a browser shows it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html import unescape
from typing import Any

import pytest

from smile_cloud import clients
from tests.helpers.alerts_api import request
from tests.helpers.aws_calls import failing
from tests.helpers.functions import FUNCTIONS, Functions
from tests.helpers.rule_events import sample
from tests.helpers.template import properties


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((FUNCTIONS / "history_api/openapi.json").read_text("utf-8"))
    return loaded


@pytest.fixture
def page(functions: Functions) -> tuple[dict[str, str], str]:
    status, headers, html = functions.browse(request("GET", "/docs"), "history_api")
    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    return headers, html


def test_every_operation_is_on_the_page_with_its_parameters_and_answers(
    page: tuple[dict[str, str], str], document: dict[str, Any]
) -> None:
    sections = page[1].split("<h2 ")[1:]
    operations = [
        (method, path, one)
        for path, methods in document["paths"].items()
        for method, one in methods.items()
    ]
    assert len(sections) == len(operations)
    for section, (method, path, operation) in zip(sections, operations, strict=True):
        text = unescape(section)
        assert f'id="{operation["operationId"]}"' in section
        assert f"{method}</span> <code>{path}</code>" in text
        assert operation["summary"] in text
        for status in operation["responses"]:
            assert f"<b>{status}</b>" in section
        for parameter in operation.get("parameters", ()):
            if "name" in parameter:
                assert f"<code>{parameter['name']}</code>" in section
        needs_key = bool(operation.get("security", document["security"]))
        assert ("Needs a key with the scope" in section) is needs_key


def test_examples_are_on_the_page(
    page: tuple[dict[str, str], str], document: dict[str, Any]
) -> None:
    busy = document["components"]["responses"]["Busy"]["content"]["application/problem+json"]
    assert json.dumps(busy["example"], indent=2) in unescape(page[1])


def test_the_page_loads_nothing_and_runs_no_script(page: tuple[dict[str, str], str]) -> None:
    headers, html = page
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    [style] = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy == {
        "default-src": "'none'",
        "style-src": f"'sha256-{digest}'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    assert not re.search(r"<script|<link|<img|\son\w+=|style=|src=|https?://", html)
    assert 'name="viewport"' in html, "phones"


@pytest.mark.parametrize(("stage_path", "prefix"), [("/dev/docs", "/dev"), ("/docs", "")])
def test_the_link_to_the_file_works_behind_a_stage(
    functions: Functions, stage_path: str, prefix: str
) -> None:
    event = request("GET", "/docs")
    event["requestContext"]["path"] = stage_path
    _, _, html = functions.browse(event, "history_api")
    assert f'href="{prefix}/v1/openapi.json"' in html


def test_the_links_of_the_contents_lead_to_a_section(page: tuple[dict[str, str], str]) -> None:
    links = re.findall(r'href="#([^"]+)"', page[1])
    assert links
    assert links == re.findall(r'<h2 id="([^"]+)"', page[1])


# --- the examples of errors --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "response"),
    [("Unauthorized", "UNAUTHORIZED"), ("Forbidden", "ACCESS_DENIED"), ("TooMany", "THROTTLED")],
)
def test_an_example_is_the_answer_of_api_gateway(
    template: dict[str, Any], document: dict[str, Any], name: str, response: str
) -> None:
    own = properties(template, "SmileApi")["GatewayResponses"][response]
    assert example(document, name) == json.loads(own["ResponseTemplates"]["application/json"])


@pytest.mark.parametrize(
    ("name", "code", "status"),
    [("Busy", "ThrottlingException", 400), ("Failure", "AccessDeniedException", 400)],
)
def test_an_example_is_the_answer_of_the_function(
    functions: Functions, document: dict[str, Any], name: str, code: str, status: int
) -> None:
    error = clients.dynamodb().exceptions.ClientError(
        {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item]
        "Query",
    )
    with failing(clients.dynamodb(), "Query", error=error):
        assert functions.ask(sample("history_api/list"))[2] == example(document, name)


def example(document: dict[str, Any], name: str) -> Any:
    content = document["components"]["responses"][name]["content"]
    return content["application/problem+json"]["example"]
