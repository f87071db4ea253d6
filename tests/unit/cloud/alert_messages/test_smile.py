from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smile_cloud.alert_messages.alert_urls import AlertUrls
from smile_cloud.alert_messages.message import AlertMessage
from smile_cloud.alert_messages.smile import SmileKind, compose_smile
from smile_cloud.alert_settings.fields import FIELDS
from smile_cloud.alert_settings.model import AlertSettings
from smile_contract import ContractError
from tests.helpers.events import smile_event

AT = datetime(2026, 11, 22, 17, 33, 0, 250_000, tzinfo=UTC)
BERLIN = AlertSettings(time_zone="Europe/Berlin", display_name="Front door")
SCORES = {"duration_ms": 2760, "peak_score": 0.914, "mean_score": 0.1}
LINK = "https://a.example/dev/alerts/abc"
DASHBOARD = "https://a.example/dev/#/devices/cam-1/events/e"
ONLY_PAGE = AlertUrls(LINK, LINK)
# https://www.3gpp.org/ftp/Specs/archive/23_series/23.038: the basic table, as far as it is ASCII.
GSM = set("@$_ !\"#%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
KINDS: list[SmileKind] = ["smile", "smile_update", "test"]


def alert(
    settings: AlertSettings = BERLIN,
    *,
    phase: str = "ended",
    kind: SmileKind = "smile",
    suppressed: int = 0,
    since: datetime | None = None,
    urls: AlertUrls | None = ONLY_PAGE,
    **changes: Any,
) -> AlertMessage:
    event = smile_event(
        phase,
        started_at=AT,
        **SCORES | changes,
    )
    return compose_smile(event, settings, kind=kind, suppressed=suppressed, since=since, urls=urls)


def test_an_email_says_everything_in_local_time() -> None:
    since = datetime(2026, 11, 22, 17, 20, tzinfo=UTC)
    message = alert(suppressed=3, since=since)
    assert message.subject == "Smile on Front door at 18:33"
    assert message.email == (
        "Front door saw a smile at 18:33:00 on Sunday, 22 November 2026 (Europe/Berlin time).\n"
        "Score 0.91 of 1 (sure). It lasted 2.7 s.\n"
        "3 more smiles of this camera since 18:20.\n"
        "\n"
        "See this smile, or pause the alerts of this camera:\n"
        f"{LINK}\n"
        "\n"
        "Camera id: cam-1\n"
    )


def test_an_email_leads_to_the_dashboard_and_to_the_page_that_pauses() -> None:
    message = alert(urls=AlertUrls(DASHBOARD, LINK))
    assert (
        "\n\n"
        "See this smile in the dashboard:\n"
        f"{DASHBOARD}\n"
        "\n"
        "Pause the alerts of this camera:\n"
        f"{LINK}\n"
        "\n"
    ) in message.email
    assert (message.document["link"], message.document["pause_link"]) == (DASHBOARD, LINK)


def test_an_sms_has_no_link_because_it_takes_most_of_the_room() -> None:
    assert alert(urls=AlertUrls(DASHBOARD, LINK)).sms == alert(urls=None).sms


def test_an_email_leaves_out_what_is_not_known() -> None:
    text = alert(AlertSettings(), phase="started", urls=None, peak_score=0.899).email
    assert text == (
        "cam-1 saw a smile at 17:33:00 on Sunday, 22 November 2026 (UTC time).\n"
        "Score 0.89 of 1 (likely).\n"
        "\n"
        "Camera id: cam-1\n"
    )


def test_an_email_counts_one_smile_as_one() -> None:
    assert "\n1 more smile of this camera.\n" in alert(suppressed=1).email


def test_an_sms_is_short() -> None:
    assert alert(suppressed=3).sms == (
        "Smile on Front door at 18:33, score 0.91, 2.7 s. 3 more before."
    )
    assert alert(phase="started").sms == "Smile on Front door at 18:33, score 0.91."


@pytest.mark.parametrize(
    ("kind", "title", "note"),
    [
        ("smile", "Smile on Front door", "Front door saw a smile"),
        ("smile_update", "Sure smile on Front door", "An earlier alert named this smile."),
        ("test", "Test alert of Front door", "This is a test alert. No camera saw this smile."),
    ],
)
def test_people_see_the_kind_of_an_alert(kind: SmileKind, title: str, note: str) -> None:
    message = alert(kind=kind)
    assert message.subject.startswith(title)
    assert message.sms.startswith(title)
    assert message.email.startswith(note)


@pytest.mark.parametrize(
    ("display_name", "shown"),
    [
        ("Küche", "Kuche"),
        ("Łódź-Süd {1}", "odz-Sud 1"),
        ("正門", "cam-1"),
        ("😀!", "cam-1"),
        (None, "cam-1"),
    ],
)
def test_a_subject_and_an_sms_use_plain_characters(display_name: str | None, shown: str) -> None:
    message = alert(AlertSettings(display_name=display_name))
    assert message.subject == f"Smile on {shown} at 17:33"
    assert message.sms.startswith(f"Smile on {shown} at 17:33")


def test_long_names_are_cut_at_their_end() -> None:
    message = alert(AlertSettings(), device_id="c" * 128)
    assert len(message.sms) == 140
    assert message.sms.startswith("Smile on ccc")
    assert message.sms.endswith("c... at 17:33, score 0.91, 2.7 s.")
    assert len(message.subject) == 100


def names() -> st.SearchStrategy[str | None]:
    def is_name(text: str) -> bool:
        try:
            FIELDS["display_name"].decode(text, "display_name")
        except ContractError:
            return False
        return True

    return st.none() | st.text(max_size=60).filter(is_name)


@given(
    name=names(),
    device=st.from_regex("[a-zA-Z0-9:_-]{1,128}", fullmatch=True),
    kind=st.sampled_from(KINDS),
    duration_ms=st.integers(0, 3_600_000),
    suppressed=st.integers(0, 10**6),
)
def test_any_alert_fits_into_one_sms_and_one_subject(
    name: str | None, device: str, kind: SmileKind, duration_ms: int, suppressed: int
) -> None:
    message = alert(
        AlertSettings(display_name=name),
        kind=kind,
        device_id=device,
        duration_ms=duration_ms,
        suppressed=suppressed,
    )
    assert len(message.sms) <= 140
    assert set(message.sms) <= GSM
    assert len(message.subject) <= 100
    assert message.subject.isascii()
    assert message.subject.isprintable()
    assert message.subject == message.subject.strip()


def test_subscribers_can_filter_by_every_attribute() -> None:
    message = alert(phase="started", peak_score=0.29)
    attributes = {name: value["StringValue"] for name, value in message.attributes.items()}
    assert attributes == {
        "kind": "smile",
        "device_id": "cam-1",
        "event_id": message.document["event_id"],
        "phase": "started",
        "level": "likely",
        "smile_score": "0.2900",
    }
    kinds = {name: value["DataType"] for name, value in message.attributes.items()}
    assert kinds.pop("smile_score") == "Number"
    assert set(kinds.values()) == {"String"}


def test_a_score_below_a_limit_stays_below_it() -> None:
    message = alert(peak_score=0.89999)
    assert message.attributes["smile_score"]["StringValue"] == "0.8999"
    assert "Score 0.89 of 1 (likely)" in message.email


@pytest.mark.parametrize(
    ("duration_ms", "text"),
    [(0, "0.0 s"), (59_999, "59.9 s"), (60_000, "1 min 0 s"), (200_900, "3 min 20 s")],
)
def test_a_duration_has_minutes_when_the_smile_is_long(duration_ms: int, text: str) -> None:
    assert f"It lasted {text}." in alert(duration_ms=duration_ms).email
