"""Sign-in with ``ApiAccess=jwt``: the real functions, and an issuer over HTTPS."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping
from html import escape, unescape
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Response, Route, expect

from smile_contract import SmileEvent
from tests.browser.conftest import Cloud, running_cloud
from tests.browser.test_accessibility import violations
from tests.helpers.http_server import Answer, serve
from tests.helpers.sign_in_issuer import CLIENT_ID, SignInIssuer, sign_in_issuer
from tests.helpers.token_issuer import AUDIENCE, token
from tests.helpers.waiting import wait_until

DEVICE = "cam-sign-in"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Cloud, SignInIssuer]]:
    folder = tmp_path_factory.mktemp("signed")
    with sign_in_issuer(folder) as issuer:
        parameters = {
            "ApiAccess": "jwt",
            "JwtIssuer": issuer.url,
            "JwtAudience": AUDIENCE,
            "JwtClientId": CLIENT_ID,
            "JwtScopes": "openid,smile/read",
            "AlertsPerMinute": "600",
        }
        environment = {"SSL_CERT_FILE": str(folder / "root.crt")}
        with running_cloud(folder, parameters, environment) as cloud:
            yield cloud, issuer


@pytest.fixture
def signed(running: tuple[Cloud, SignInIssuer]) -> Cloud:
    return running[0]


@pytest.fixture
def issuer(running: tuple[Cloud, SignInIssuer]) -> SignInIssuer:
    running[1].reset()
    return running[1]


@pytest.fixture(scope="module")
def smile(running: tuple[Cloud, SignInIssuer]) -> SmileEvent:
    cloud, issuer = running
    event = cloud.smile(DEVICE, peak_score=0.97)
    cloud.wait_stored(event, token=token(iss=issuer.url))
    return event


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser that trusts the certificate of the issuer."""
    context = browser.new_context(locale="en-GB", ignore_https_errors=True)
    context.set_default_timeout(20_000)
    yield context
    context.close()


def sign_in(page: Page) -> None:
    page.get_by_role("button", name="Sign in", exact=True).click()


def offers_sign_in(page: Page) -> None:
    expect(page.get_by_role("heading", name="Sign in", exact=True)).to_be_visible()


def opened(page: Page, cloud: Cloud, fragment: str = "") -> Page:
    """Sign in and wait for the view."""
    page.goto(f"{cloud.url}/{fragment}")
    sign_in(page)
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    return page


def stored(page: Page) -> dict[str, Any]:
    """Return what the tab keeps, by name."""
    kept: dict[str, Any] = page.evaluate("({...sessionStorage})")
    return {name: json.loads(value) for name, value in kept.items()}


def shows_problem_and_signs_in_again(page: Page, text: str) -> None:
    expect(page.get_by_role("alert")).to_have_text(text)
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", name="Newest smiles")).to_be_visible()


def offer(page: Page, cloud: Cloud, **changed: Any) -> None:
    """Let the page get another offer than the real one; a ``problem`` is all that it gets."""

    def change(route: Route) -> None:
        answer = route.fetch()
        [text] = re.findall(r'data-sign-in="([^"]*)"', answer.text())
        found = {} if "problem" in changed else json.loads(unescape(text))
        html = answer.text().replace(text, escape(json.dumps(found | changed)))
        route.fulfill(response=answer, body=html)

    page.route(re.compile(f"{re.escape(cloud.url)}/([?].*)?$"), change)


def is_read(answer: Response) -> bool:
    """Return whether the API answered a read as it should."""
    return "/v1/" in answer.url and answer.ok


def answers_to(page: Page, path: str) -> list[Response]:
    """Return the list that collects the answers whose URL has this path from now on."""
    found: list[Response] = []
    page.on("response", lambda one: found.append(one) if path in one.url else None)
    return found


# --- the way in --------------------------------------------------------------------------------


def test_a_person_signs_in_and_sees_the_smile(
    page: Page, signed: Cloud, issuer: SignInIssuer, smile: SmileEvent
) -> None:
    page.goto(signed.url)
    sign_in(page)
    expect(page.get_by_role("heading", name="Newest smiles")).to_be_visible()
    expect(page.get_by_role("link", name=DEVICE).first).to_be_visible()
    assert page.url == f"{signed.url}/", "without code and state"
    [asked] = issuer.authorized
    assert asked["redirect_uri"] == f"{signed.url}/"
    assert asked["scope"] == "openid smile/read"
    assert asked["audience"] == AUDIENCE
    assert asked["tenant"] == "1", "the endpoint may have a query of its own"


def test_the_token_stays_in_the_tab_and_survives_a_reload(
    page: Page, signed: Cloud, issuer: SignInIssuer, context: BrowserContext
) -> None:
    opened(page, signed)
    assert set(stored(page)) == {"smile.tokens"}
    assert page.evaluate("localStorage.length") == 0
    assert context.cookies() == []
    page.reload()
    expect(page.get_by_role("heading", name="Newest smiles")).to_be_visible()
    other = context.new_page()
    other.goto(signed.url)
    offers_sign_in(other)
    assert len(issuer.authorized) == 1


def test_requests_carry_the_token_and_no_key(
    page: Page, signed: Cloud, issuer: SignInIssuer
) -> None:
    answers = answers_to(page, "/v1/")
    with page.expect_response(is_read):
        opened(page, signed, "#key=admin_abc")
    with page.expect_response("**/v1/devices*"):
        page.get_by_role("link", name="Cameras").click()
    access = stored(page)["smile.tokens"]["access"]
    assert answers
    for answer in answers:
        assert answer.request.headers["authorization"] == f"Bearer {access}"
        assert "x-api-key" not in answer.request.headers


def test_link_of_an_alert_leads_through_the_sign_in_to_the_smile(
    page: Page, signed: Cloud, issuer: SignInIssuer, smile: SmileEvent
) -> None:
    page.goto(signed.link_of_alert(smile))
    sign_in(page)
    expect(page.get_by_role("heading", name=f"Smile on {DEVICE}")).to_be_visible()
    expect(page.get_by_text(smile.event_id)).to_be_visible()
    assert page.url == signed.link_of_alert(smile)


def test_the_return_leads_below_the_path_of_a_stage(
    page: Page, signed: Cloud, issuer: SignInIssuer
) -> None:
    def below(path: str, headers: Mapping[str, str], _: bytes) -> Answer:
        """Answer as API Gateway, which names the stage in the path that the function gets."""
        sent = {"Authorization": headers["Authorization"]} if "Authorization" in headers else {}
        request = Request(f"{signed.url}{path.removeprefix('/dev')}", headers=sent)
        with urlopen(request, timeout=20) as answer:
            body = answer.read().replace(b'<base href="/">', b'<base href="/dev/">')
            names = ("Content-Type", "Content-Security-Policy", "Cross-Origin-Opener-Policy")
            kept = {name: answer.headers[name] for name in names if name in answer.headers}
            return answer.status, body, kept

    with serve(below) as url:
        page.goto(f"{url}/dev/#/cameras")
        sign_in(page)
        expect(page.get_by_role("heading", name="Cameras", exact=True)).to_be_visible()
        assert page.url == f"{url}/dev/#/cameras"
        assert issuer.authorized[0]["redirect_uri"] == f"{url}/dev/"
        page.goto("about:blank")  # the view asks nothing when the server ends


# --- what goes wrong on the way in ---------------------------------------------------------------


def test_a_state_of_somebody_else_is_refused(
    page: Page, signed: Cloud, issuer: SignInIssuer
) -> None:
    issuer.behaviour.state = "forged"
    page.goto(signed.url)
    sign_in(page)
    expect(page.get_by_role("alert")).to_be_visible()
    issuer.behaviour.state = None
    assert issuer.granted == [], "the code of somebody else is not used"
    assert page.url == f"{signed.url}/"
    shows_problem_and_signs_in_again(
        page, "This sign-in was not started in this tab, or was used before."
    )


@pytest.mark.parametrize(
    ("error", "text"),
    [
        ("access_denied", "The sign-in was cancelled, or your account may not use it."),
        ("server_error", "The sign-in service failed to answer."),
        (
            "invalid_scope",
            "The sign-in service refused the request (invalid_scope). Tell the operator.",
        ),
        ("<b>odd", "The sign-in service refused the request (unknown). Tell the operator."),
    ],
)
def test_a_refused_sign_in_is_a_sentence_and_can_be_tried_again(
    page: Page, signed: Cloud, issuer: SignInIssuer, error: str, text: str
) -> None:
    issuer.behaviour.error = error
    page.goto(f"{signed.url}/#/history")
    sign_in(page)
    expect(page.get_by_role("alert")).to_have_text(text)
    assert page.url == f"{signed.url}/#/history"
    issuer.behaviour.error = None
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", name="History")).to_be_visible()


def test_an_expired_code_is_a_sentence(page: Page, signed: Cloud, issuer: SignInIssuer) -> None:
    page.route("**/token", lambda route: (issuer.forget_codes(), route.continue_())[1])
    page.goto(signed.url)
    sign_in(page)
    expect(page.get_by_role("alert")).to_be_visible()
    page.unroute("**/token")
    shows_problem_and_signs_in_again(page, "This sign-in has expired, or was used before.")


def test_a_used_answer_of_the_issuer_does_not_end_a_running_sign_in(
    page: Page, signed: Cloud, issuer: SignInIssuer
) -> None:
    opened(page, signed)
    page.goto(f"{signed.url}/?{urlencode({'code': 'used', 'state': 'old'})}#/cameras")
    expect(page.get_by_role("heading", name="Cameras", exact=True)).to_be_visible()
    assert page.url == f"{signed.url}/#/cameras"


@pytest.mark.parametrize("status", [None, 502])
def test_a_token_endpoint_that_is_down_is_a_sentence(
    page: Page, signed: Cloud, issuer: SignInIssuer, status: int | None
) -> None:
    if status is None:
        page.route("**/token", lambda route: route.abort())
    issuer.behaviour.token_status = status
    page.goto(signed.url)
    sign_in(page)
    expect(page.get_by_role("alert")).to_be_visible()
    page.unroute("**/token")
    issuer.behaviour.token_status = None
    why = "failed to answer" if status else "cannot be reached"
    shows_problem_and_signs_in_again(page, f"The sign-in service {why}.")


# --- what a token allows -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "claims",
    [
        {"scope": "openid smile/read"},
        {"scope": None, "scp": ["read"]},
        {"scope": "openid", "cognito:groups": ["smile/read", "admin"]},
    ],
)
def test_a_token_that_reads_cannot_give_feedback_or_change_settings(
    page: Page, signed: Cloud, issuer: SignInIssuer, smile: SmileEvent, claims: dict[str, Any]
) -> None:
    issuer.behaviour.claims = claims
    signed.beat(DEVICE)
    opened(page, signed, f"#/devices/{DEVICE}/events/{smile.event_id}")
    page.get_by_role("button", name="Right").click()
    message = page.get_by_role("alert")
    expect(message).to_contain_text("Your account may not do that.")
    expect(message).to_contain_text("It needs the scope feedback or admin.")
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    page.goto(f"{signed.url}/#/devices/{DEVICE}")
    expect(page.get_by_text("Changing settings needs the scope admin.")).to_be_visible()


@pytest.mark.parametrize(
    "claims", [{"scope": "smile/feedback"}, {"cognito:groups": ["smile/feedback"]}]
)
def test_a_token_of_the_scope_feedback_gives_feedback(
    page: Page, signed: Cloud, issuer: SignInIssuer, smile: SmileEvent, claims: dict[str, Any]
) -> None:
    issuer.behaviour.claims = claims
    opened(page, signed, f"#/devices/{DEVICE}/events/{smile.event_id}")
    page.get_by_role("button", name="Right").click()
    expect(page.get_by_text(re.compile("^Said "))).to_be_visible()


def test_the_page_says_what_an_account_without_a_scope_needs(
    page: Page, signed: Cloud, issuer: SignInIssuer
) -> None:
    issuer.behaviour.claims = {"scope": "openid"}
    opened(page, signed)
    expect(page.get_by_role("alert").first).to_contain_text(
        "The account that you signed in with may not see this."
    )
    expect(page.get_by_role("alert").first).to_contain_text("Ask the operator for more rights")


# --- the end of a token --------------------------------------------------------------------------


def test_an_expired_token_leads_to_a_new_sign_in(
    page: Page, signed: Cloud, issuer: SignInIssuer
) -> None:
    opened(page, signed, "#/cameras")
    expired = token(iss=issuer.url, exp=int(time.time()) - 3600)
    page.evaluate(
        "access => sessionStorage.setItem('smile.tokens', JSON.stringify({access}))", expired
    )
    page.reload()
    offers_sign_in(page)
    expect(page.get_by_role("alert")).to_have_text("Your sign-in has ended.")
    assert "smile.tokens" not in stored(page)
    sign_in(page)
    expect(page.get_by_role("heading", name="Cameras", exact=True)).to_be_visible()


def test_a_refused_token_is_renewed_without_a_redirect(
    page: Page, signed: Cloud, issuer: SignInIssuer
) -> None:
    issuer.behaviour.refreshes = True
    issuer.behaviour.claims = {"exp": int(time.time()) - 3600}
    page.goto(signed.url)
    refused = answers_to(page, "/v1/")
    page.route("**/v1/**", lambda route: (issuer.behaviour.claims.clear(), route.continue_())[1])
    with page.expect_response(is_read):
        sign_in(page)
    assert 401 in {one.status for one in refused}
    assert len(issuer.authorized) == 1
    kinds = [one["grant_type"] for one in issuer.granted]
    assert kinds == ["authorization_code", "refresh_token"], "once for all requests"


def test_a_token_is_renewed_before_its_end_and_the_refresh_token_stays(
    page: Page, signed: Cloud, issuer: SignInIssuer
) -> None:
    issuer.behaviour.refreshes = True
    opened(page, signed)
    before = stored(page)["smile.tokens"]
    page.evaluate(
        "tokens => sessionStorage.setItem('smile.tokens', JSON.stringify(tokens))",
        before | {"endsAt": 1000 * time.time() + 10_000},
    )
    refused = answers_to(page, "/v1/")
    page.reload()  # an answer to the page before may still arrive: wait for the token
    wait_until(lambda: stored(page)["smile.tokens"]["access"] != before["access"])
    after = stored(page)["smile.tokens"]
    with page.expect_response(is_read):
        pass
    assert after["refresh"] == before["refresh"]
    assert all(one.status != 401 for one in refused)


@pytest.mark.parametrize("is_away", [False, True])
def test_a_token_that_cannot_be_renewed(
    page: Page, signed: Cloud, issuer: SignInIssuer, is_away: bool
) -> None:
    """A refresh token that has ended needs a person; an issuer that is down needs time."""
    issuer.behaviour.refreshes = True
    opened(page, signed)
    issuer.refresh_tokens.clear()
    issuer.behaviour.token_status = 503 if is_away else None
    expired = token(iss=issuer.url, exp=int(time.time()) - 3600)
    tokens = stored(page)["smile.tokens"] | {"access": expired}
    page.evaluate(
        "tokens => sessionStorage.setItem('smile.tokens', JSON.stringify(tokens))", tokens
    )
    page.reload()
    if is_away:
        message = page.get_by_role("alert").first
        expect(message).to_contain_text("The sign-in service failed to answer.")
        assert stored(page)["smile.tokens"]["refresh"] == tokens["refresh"]
    else:
        expect(page.get_by_role("alert")).to_have_text("Your sign-in has ended.")


# --- the way out ---------------------------------------------------------------------------------


def test_sign_out_forgets_the_token_and_ends_the_session_of_the_issuer(
    page: Page, signed: Cloud, issuer: SignInIssuer
) -> None:
    opened(page, signed)
    page.get_by_role("button", name="Sign out").click()
    offers_sign_in(page)
    page.wait_for_url(f"{signed.url}/")
    assert stored(page) == {}
    assert issuer.ended == [
        {
            "client_id": CLIENT_ID,
            "post_logout_redirect_uri": f"{signed.url}/",
            "logout_uri": f"{signed.url}/",
        }
    ]
    page.go_back()
    offers_sign_in(page)


def test_sign_out_offers_a_new_sign_in_when_the_issuer_has_no_address_for_it(
    page: Page, signed: Cloud, issuer: SignInIssuer
) -> None:
    opened(page, signed)
    offer(page, signed, end_session_endpoint=None)
    page.reload()
    page.get_by_role("button", name="Sign out").click()
    offers_sign_in(page)
    assert stored(page) == {}
    assert issuer.ended == []


# --- the page ------------------------------------------------------------------------------------


def test_the_policy_names_the_token_endpoint_and_no_other_host(
    page: Page, signed: Cloud, issuer: SignInIssuer
) -> None:
    answer = page.goto(signed.url)
    assert answer is not None
    policy = answer.headers["content-security-policy"]
    assert f"connect-src 'self' {issuer.url};" in policy
    assert re.findall(r"https?:[^ ;]*", policy) == [issuer.url]


@pytest.mark.parametrize(
    ("problem", "heading", "text"),
    [
        ("not set up", "Sign-in is not set up", "the operator sets the parameter JwtClientId"),
        ("away", "The sign-in service does not answer", "Try again in a moment"),
    ],
)
def test_the_page_says_why_nobody_can_sign_in(
    page: Page, signed: Cloud, problem: str, heading: str, text: str
) -> None:
    offer(page, signed, problem=problem)
    page.goto(f"{signed.url}/#/cameras")
    expect(page.get_by_role("heading", name=heading)).to_be_visible()
    expect(page.get_by_text(text)).to_be_visible()
    expect(page.get_by_label("API key")).to_have_count(0)
    assert violations(page) == []
    page.unroute_all()
    if problem == "away":
        page.get_by_role("button", name="Try again").click()
        offers_sign_in(page)


def test_with_keys_the_policy_names_no_other_host(page: Page, cloud: Cloud) -> None:
    answer = page.goto(cloud.url)
    assert answer is not None
    policy = answer.headers["content-security-policy"]
    assert "connect-src 'self';" in policy
    assert "https:" not in policy


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_before_and_after_a_failed_sign_in(
    page: Page, signed: Cloud, issuer: SignInIssuer, scheme: Any
) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.goto(signed.url)
    expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_focused()
    assert violations(page) == []
    issuer.behaviour.error = "access_denied"
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    assert violations(page) == []
