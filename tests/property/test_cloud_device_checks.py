"""In any order, with old views, failures and steps of the clock: each trouble is reported once."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count, pairwise

from hypothesis import given
from hypothesis import strategies as st

from smile_cloud.check_devices.changes import find_changes
from smile_cloud.check_devices.policy import after_message, make_plan
from smile_cloud.check_devices.state import DeviceView, Down, Outage, Report, Rules

START = datetime(2026, 11, 22, 17, 33, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
OVERDUE = 3 * MINUTE
DEVICES = [f"cam-{number}" for number in range(6)]
RULES = Rules(
    grace={"offline": 5 * MINUTE, "blind": 4 * MINUTE},
    outage_devices=3,
    outage_percent=50,
    per_minute=100,
)
CHECKS = ("good", "unpublished", "unrecorded", "full", "old view", "early clock", "late clock")
# What happens, to which device, how many seconds pass, and how the next check goes.
steps = st.lists(
    st.tuples(
        st.sampled_from(["beat", "lost", "blind", "pause", "all beat", "all lost", "nothing"]),
        st.integers(0, 3),
        st.sampled_from([0, 1, 60, 200, 400]),
        st.sampled_from(CHECKS),
    ),
    max_size=40,
)
Script = list[tuple[str, int, int, str]]


@dataclass
class Truth:
    """How a device is."""

    seen_at: datetime = START
    lost_at: datetime | None = None
    blind_since: datetime | None = None
    paused: bool = False

    def view(self, device_id: str, now: datetime) -> DeviceView:
        down = None
        if self.lost_at is not None:
            down = Down("offline", self.lost_at)
        elif now - self.seen_at > OVERDUE:
            down = Down("offline", self.seen_at)
        elif self.blind_since is not None and not self.paused:
            down = Down("blind", self.blind_since)
        return DeviceView(device_id=device_id, seen_at=self.seen_at, down=down, paused=self.paused)


class World:
    """Devices, checks of them that fail in several ways, and what subscribers hear."""

    def __init__(self) -> None:
        self.now = START
        self.truth = {device: Truth() for device in DEVICES}
        self.seen = [self.views(), self.views()]
        self.reports: dict[str, Report] = {}
        self.outages: dict[str, Outage] = {}
        self.heard: dict[str, list[Report]] = defaultdict(list)
        self.fleet_messages: list[Outage] = []
        self.messages = 0
        self.tokens = count(1)

    def views(self) -> list[DeviceView]:
        return [truth.view(device, self.now) for device, truth in self.truth.items()]

    def beat(self, device: str) -> None:
        self.truth[device] = Truth(self.now)

    def lose(self, device: str) -> None:
        truth = self.truth[device]
        truth.lost_at = truth.lost_at or self.now

    def blind(self, device: str) -> None:
        old = self.truth[device]
        self.truth[device] = Truth(self.now, blind_since=old.blind_since or self.now)

    def pause(self, device: str) -> None:
        old = self.truth[device]
        self.truth[device] = Truth(self.now, blind_since=old.blind_since, paused=True)

    def check(self, how: str = "good") -> None:
        now = self.now + {"early clock": -2 * MINUTE, "late clock": MINUTE}.get(how, 0 * MINUTE)
        self.seen.append(self.views())
        views = [*self.seen[-1]]
        if how == "old view":  # an index, or a replica of the table, lags behind
            views[0] = self.seen[-3][0]
        self._finish(how)
        changes = find_changes(views, self.reports, now, RULES)
        outages = list(self.outages.values())
        plan = make_plan(changes, self.reports, outages, now=now, rules=RULES)
        for report in (*plan.silent, *plan.reports):
            if report.is_down:
                assert now - report.down.since >= RULES.grace[report.down.trouble]
        for report in plan.silent:
            self.reports[report.device_id] = report
            self.heard[report.device_id].append(report)
        for outage in plan.outages:
            if outage.pending is None:
                self.outages[outage.outage_id] = outage
            elif how != "full":
                self.outages[outage.outage_id] = outage
                self._send_outage(outage, how)
        for report in plan.reports:
            if how != "full":
                self.reports[report.device_id] = replace(report, token=str(next(self.tokens)))
                self._send_report(self.reports[report.device_id], how)

    def _finish(self, how: str) -> None:
        for outage in list(self.outages.values()):
            if outage.pending is not None:
                self._send_outage(outage, how)
        for report in list(self.reports.values()):
            if report.pending is not None:
                self._send_report(report, how)

    def _send_outage(self, outage: Outage, how: str) -> None:
        if how == "unpublished":
            return
        self.messages += 1
        self.fleet_messages.append(outage)
        if how == "unrecorded":
            return
        left = after_message(outage, RULES)
        del self.outages[outage.outage_id]
        if left is not None:
            self.outages[outage.outage_id] = left

    def _send_report(self, report: Report, how: str) -> None:
        if how == "unpublished":
            return
        self.messages += 1
        heard = self.heard[report.device_id]
        if not heard or heard[-1].token != report.token or not report.token:
            heard.append(report)  # not a copy of a claim that was not recorded
        if how != "unrecorded":
            self.reports[report.device_id] = replace(report, pending=None)

    def run(self, script: Script) -> None:
        one = {"beat": self.beat, "lost": self.lose, "blind": self.blind, "pause": self.pause}
        for what, number, seconds, how in script:
            if what != "nothing":
                devices = DEVICES if what.startswith("all ") else DEVICES[number : number + 1]
                for device in devices:
                    one[what.removeprefix("all ")](device)
            self.now += seconds * SECOND
            self.check(how)

    def check_for(self, minutes: int, *, beating: bool) -> None:
        for _ in range(minutes):
            self.now += MINUTE
            if beating:
                for device in DEVICES:
                    self.beat(device)
            self.check()


@given(steps)
def test_each_trouble_is_reported_once_and_each_return_once(script: Script) -> None:
    world = World()
    world.run(script)
    world.check_for(30, beating=True)
    for heard in world.heard.values():
        assert heard[0].is_down
        assert not heard[-1].is_down, "every trouble that was reported has an end"
        for one, two in pairwise(heard):
            if two.back_at is not None:
                assert one.is_down, "a return is reported once"
                assert two.down == one.down
            elif one.back_at is not None:
                assert two.down.since >= one.back_at, "only a new trouble is reported again"
            else:
                assert one.down.trouble != two.down.trouble
    assert world.outages == {}
    kinds: dict[str, list[str]] = defaultdict(list)
    for outage in world.fleet_messages:
        kinds[outage.outage_id].append(str(outage.pending))
    for found in kinds.values():
        assert found == sorted(found), "the beginning of an outage comes before its end"
        assert set(found) == {"fleet_outage", "fleet_recovered"}


@given(steps)
def test_every_trouble_that_lasts_is_reported(script: Script) -> None:
    world = World()
    world.run(script)
    world.check_for(30, beating=True)
    sent = world.messages
    for device in DEVICES:
        world.now += 40 * SECOND
        world.lose(device)
    world.check_for(30, beating=False)
    assert all(world.reports[device].is_down for device in DEVICES)
    assert world.messages == sent + 1, "an outage of the fleet is one message"
    assert world.fleet_messages[-1].cameras == len(DEVICES)
    world.check_for(30, beating=True)
    assert not any(report.is_down for report in world.reports.values())
    assert world.messages == sent + 2


@given(steps)
def test_checks_that_repeat_report_nothing_new(script: Script) -> None:
    world = World()
    world.run(script)
    world.check()
    world.check()  # the devices of a new outage join it
    sent = world.messages
    for _ in range(3):
        world.check()
    assert world.messages == sent


@given(steps)
def test_a_blind_device_of_an_outage_is_reported_as_offline(script: Script) -> None:
    world = World()
    world.run(script)
    world.check_for(30, beating=True)
    for _ in range(30):
        world.blind(DEVICES[0])
        world.check_for(1, beating=False)
        for device in DEVICES[1:]:
            world.beat(device)
    assert world.reports[DEVICES[0]].down.trouble == "blind"
    for device in DEVICES:
        world.lose(device)
    world.check_for(30, beating=False)
    assert {report.down.trouble for report in world.reports.values()} == {"offline"}
