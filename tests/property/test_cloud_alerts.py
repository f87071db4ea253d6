"""In any order, with repetitions and failures: each smile is sent, digested or counted once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations, count

from hypothesis import given
from hypothesis import strategies as st

from smile_cloud.alert_settings.model import AlertSettings, Level
from smile_cloud.send_alert.alert_policy import SUPPRESSED, Decision, Plan, Stored, decide
from smile_cloud.send_alert.alert_state import CLAIM_DURATION, DeviceAlerts, Handled, Marker
from smile_cloud.topic_window import TopicWindow
from smile_contract import SmileEvent
from tests.helpers.events import smile_event

START = datetime(2026, 11, 22, 17, 33, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


def seen_twice(started_at: datetime, peak_score: float) -> tuple[SmileEvent, SmileEvent]:
    """Return the two messages of a smile: likely when it starts, then with its final score."""
    started = smile_event("started", started_at=started_at, peak_score=0.7, mean_score=0.6)
    ended = {"event_id": started.event_id, "peak_score": peak_score, "mean_score": 0.6}
    return started, smile_event("ended", started_at=started_at, **ended)


SMILES = [
    seen_twice(START + n * SECOND, score)
    for n, score in enumerate([0.99, 0.7, 0.95, 0.99, 0.8, 0.92])
]
steps = st.lists(
    st.one_of(
        st.tuples(st.just("message"), st.sampled_from(range(6)), st.sampled_from([0, 1])),
        st.tuples(st.just("pause"), st.integers(0, 40), st.just(0)),
        # An alert in flight: published and recorded, published only, or neither.
        st.tuples(st.just("sent"), st.integers(0, 5), st.just(0)),
        st.tuples(st.just("published"), st.integers(0, 5), st.just(0)),
        st.tuples(st.just("failed"), st.integers(0, 5), st.just(0)),
    ),
    max_size=60,
)
limits = st.builds(
    AlertSettings,
    cooldown_s=st.sampled_from([0, 30, 300]),
    max_per_hour=st.sampled_from([0, 2, 100]),
)


def as_recorded(device: DeviceAlerts, event_id: str, level: Level, now: datetime) -> DeviceAlerts:
    """Return the state after `sent_update`."""
    return replace(
        device,
        version=device.version + 1,
        last_sent_at=now,
        last_sure_at=now if level == "sure" else device.last_sure_at,
        sent_at=(*device.sent_at, now),
        claims={other: claim for other, claim in device.claims.items() if other != event_id},
    )


def counted_by(device: DeviceAlerts) -> int:
    """Return how many suppressed smiles no recorded alert has reported."""
    return device.suppressed + sum(claim.reported for claim in device.claims.values())


class Device:
    """One device whose messages are handled by attempts that may overlap and fail."""

    def __init__(
        self, settings: AlertSettings, per_minute: int = 100, *, has_timeout: bool = False
    ) -> None:
        self.settings, self.per_minute, self.now = settings, per_minute, START
        self.markers: dict[str, Marker] = {}
        self.device, self.window = DeviceAlerts(), TopicWindow()
        self.in_flight: list[tuple[SmileEvent, str, Plan]] = []
        self.has_timeout = has_timeout
        self.plans: list[tuple[datetime, SmileEvent, Plan]] = []
        self.taken_off = self.reported = 0
        self.recorded: list[tuple[int, datetime, SmileEvent]] = []
        self.unrecorded: set[str] = set()
        self.tokens = count(1)

    def message(self, event: SmileEvent) -> Decision:
        token = str(next(self.tokens))
        stored = Stored(self.markers.get(event.event_id), self.device, self.window)
        plan = decide(
            self.settings, stored, event, self.now, token=token, per_minute=self.per_minute
        )
        self.plans.append((self.now, event, plan))
        if plan.marker is not None:
            assert plan.marker.token == token, "a repeated write recognizes its own"
            self.markers[event.event_id] = plan.marker
        if plan.device is not None:
            assert plan.device.version == self.device.version + 1, "one version for one write"
            live = self.device.without_expired(self.now, event.event_id)
            counted = counted_by(plan.device)
            self.taken_off += max(counted_by(live) - counted, 0)
            self.device = plan.device
        if plan.window is not None:
            self.window = plan.window
        if plan.decision is Decision.SEND:
            self.in_flight.append((event, token, plan))
        return plan.decision

    def finish(self, how: str, number: int) -> None:
        if not self.in_flight:
            return
        event, token, plan = self.in_flight.pop(number % len(self.in_flight))
        if how == "published":
            self.unrecorded.add(event.event_id)
        marker = self.markers[event.event_id]
        if how != "sent" or marker.token != token:
            return
        if self.has_timeout and marker.claim is not None and not marker.claim.is_live(self.now):
            return  # the function has been stopped
        assert marker.claim is not None
        level = marker.claim.level
        self.markers[event.event_id] = Marker(token, Handled.SENT, level)
        self.reported += plan.suppressed if event.event_id in self.device.claims else 0
        self.device = as_recorded(self.device, event.event_id, level, self.now)
        self.recorded.append((int(token), self.now, event))

    def run(self, script: list[tuple[str, int, int]]) -> None:
        for what, number, phase in script:
            if what == "message":
                self.message(SMILES[number][phase])
            elif what == "pause":
                self.now += number * SECOND
            else:
                self.finish(what, number)

    def of(self, *decisions: Decision) -> list[tuple[datetime, SmileEvent, Plan]]:
        return [one for one in self.plans if one[2].decision in decisions]


@given(steps, limits, st.sampled_from([1, 3, 100]))
def test_each_suppressed_smile_is_counted_and_reported_once(
    script: list[tuple[str, int, int]], settings: AlertSettings, per_minute: int
) -> None:
    device = Device(settings, per_minute)
    device.run(script)
    suppressed = [event.event_id for _, event, _ in device.of(*SUPPRESSED)]
    assert len(set(suppressed)) == len(suppressed), "counted once"
    assert device.reported + counted_by(device.device) + device.taken_off == len(suppressed)
    assert device.taken_off <= len(device.of(Decision.SEND, Decision.DIGEST))
    assert all(plan.suppressed >= 0 for _, _, plan in device.plans)
    assert device.device.suppressed >= 0
    assert (device.device.suppressed_since is None) == (device.device.suppressed == 0)


@given(steps, limits, st.sampled_from([1, 3, 100]))
def test_every_smile_is_handled_when_its_messages_are_delivered_again(
    script: list[tuple[str, int, int]], settings: AlertSettings, per_minute: int
) -> None:
    device = Device(settings, per_minute)
    device.run(script)
    seen = {event.event_id: event for _, event, _ in device.plans}
    for event in seen.values():
        device.now += CLAIM_DURATION
        device.message(event)
        device.finish("sent", len(device.in_flight) - 1)
    assert all(device.markers[event_id].handled is not None for event_id in seen)


@given(steps, limits, st.sampled_from([1, 3, 100]))
def test_a_smile_gets_one_alert_and_one_update_at_most(
    script: list[tuple[str, int, int]], settings: AlertSettings, per_minute: int
) -> None:
    device = Device(settings, per_minute)
    device.run(script)
    for event_id in {event.event_id for _, _, event in device.recorded} - device.unrecorded:
        sent = [event for _, _, event in device.recorded if event.event_id == event_id]
        levels = [settings.level(event.peak_score) for event in sent]
        assert levels in (["likely"], ["sure"], ["likely", "sure"])


@given(steps, limits)
def test_a_device_keeps_its_cooldown_and_its_hourly_limit(
    script: list[tuple[str, int, int]], settings: AlertSettings
) -> None:
    device = Device(settings, has_timeout=True)
    device.run(script)
    cooldown = timedelta(seconds=settings.cooldown_s)
    # In the order of the decisions: a likely and a sure alert in flight may end in either order.
    for (_, before_at, before), (_, after_at, after) in combinations(sorted(device.recorded), 2):
        levels = settings.level(before.peak_score), settings.level(after.peak_score)
        if levels != ("likely", "sure"):
            assert after_at - before_at >= cooldown
    assert len(device.recorded) <= settings.max_per_hour, "all within one hour"


@given(steps, st.sampled_from([1, 3]))
def test_the_topic_gets_no_more_than_its_limit_in_any_minute(
    script: list[tuple[str, int, int]], per_minute: int
) -> None:
    device = Device(AlertSettings(cooldown_s=0, max_per_hour=100), per_minute)
    device.run(script)
    times = [at for at, _, _ in device.of(Decision.SEND)]
    for start in times:
        assert sum(start <= at < start + MINUTE for at in times) <= per_minute
    for at, _, _ in device.of(Decision.DIGEST):
        assert sum(at - MINUTE < one <= at for one in times) >= per_minute, "only when it is full"


@given(steps)
def test_the_first_sure_smile_is_sent_even_during_the_cooldown(
    script: list[tuple[str, int, int]],
) -> None:
    device = Device(AlertSettings(cooldown_s=300, max_per_hour=100))
    device.run(script)
    sure = [(e, p) for _, e, p in device.plans if e.peak_score >= 0.9]
    if sure:
        _, plan = sure[0]
        assert plan.decision in (Decision.SEND, Decision.IN_FLIGHT)
