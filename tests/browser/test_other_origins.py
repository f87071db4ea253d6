"""Whether a browser lets the pages of other origins read the API."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Error

from tests.browser.conftest import Cloud

ASK = """async ([url, options]) => {
    const answer = await fetch(url, options);
    return {status: answer.status, ...Object.fromEntries(answer.headers)};
}"""
BLOCKED = "Failed to fetch"


class OtherPage:
    """An empty page of another origin than the API's."""

    def __init__(self, context: BrowserContext, cloud: Cloud, origin: str) -> None:
        self._cloud = cloud
        self._page = context.new_page()
        self._page.goto(origin)

    def ask(
        self, method: str, path: str, body: str | None = None, **headers: str
    ) -> dict[str, Any]:
        """Return the status and the headers that the browser lets a script of the page read."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        options = {"method": method, "headers": given, "cache": "no-store"}
        if body is not None:
            options["body"] = body
        answer: dict[str, Any] = self._page.evaluate(ASK, [f"{self._cloud.url}{path}", options])
        return answer


def test_a_page_of_an_open_origin_reads_answers_of_every_method(
    context: BrowserContext, cloud: Cloud
) -> None:
    page = OtherPage(context, cloud, cloud.open_origin)
    key = {"x_api_key": cloud.key}
    sends = {"content_type": "application/json", **key}
    assert page.ask("GET", "/v1/openapi.json")["status"] == 200
    listed = page.ask("GET", "/v1/events?device=cam-cors", **key)
    assert listed["status"] == 200
    again = page.ask("GET", "/v1/events?device=cam-cors", if_none_match=listed["etag"], **key)
    assert again["status"] == 304
    assert page.ask("PUT", "/v1/devices/cam-cors/alert-settings", "{}", **sends)["status"] == 200
    assert page.ask("POST", "/v1/alert-settings/test", **key)["status"] == 202
    patched = page.ask("PATCH", "/v1/devices/cam-cors/settings", '{"paused": true}', **sends)
    assert patched["status"] == 404, "it has sent no heartbeat"
    erased = page.ask("DELETE", "/v1/devices/cam-cors", **key)
    assert (erased["status"], "/erasures/" in erased["location"]) == (202, True)


def test_a_page_of_an_open_origin_reads_errors_of_functions_and_of_the_gateway(
    context: BrowserContext, cloud: Cloud
) -> None:
    page = OtherPage(context, cloud, cloud.open_origin)
    key = {"x_api_key": cloud.key}
    assert page.ask("GET", "/v1/events?devise=1", **key)["status"] == 400
    assert page.ask("POST", "/v1/events", **key)["allow"] == "GET, HEAD, OPTIONS"
    refused = page.ask("GET", "/v1/events")
    assert (refused["status"], "x-amzn-requestid" in refused) == (401, True)
    assert page.ask("GET", "/v1/events", x_api_key="read_wrong")["status"] == 403
    assert page.ask("GET", "/v1/none")["status"] == 404


def test_a_page_of_another_origin_reads_nothing(context: BrowserContext, cloud: Cloud) -> None:
    page = OtherPage(context, cloud, cloud.open_origin.replace("localhost", "127.0.0.1"))
    for method, path in (("GET", "/v1/openapi.json"), ("DELETE", "/v1/devices/cam-cors")):
        with pytest.raises(Error, match=BLOCKED):
            page.ask(method, path, x_api_key=cloud.key)
