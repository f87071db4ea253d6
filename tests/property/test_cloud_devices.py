"""Messages about a device give the same truth when they repeat and in any order."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from smile_cloud.device_registry.condition import Graces, condition_of
from smile_cloud.device_registry.device import Device
from smile_cloud.device_registry.items import from_fields, to_fields
from tests.helpers.status_messages import at, joined, presence, status

GRACES = Graces(timedelta(minutes=5), timedelta(minutes=5))
SECONDS = st.integers(0, 12) | st.integers(0, 200).map(lambda n: n * 60)
CLOCKS = st.sampled_from([0.0, 0.0, 0.0, 90.0, 1e6, -60.0, -1.7e9])


@st.composite
def heartbeats(draw: st.DrawFn) -> Device:
    received_s, clock = draw(SECONDS), draw(CLOCKS)
    more = {
        "status": draw(st.sampled_from(["online", "offline"])),
        "uptime_ms": draw(st.sampled_from([0, 1000, 3_600_000])),
        "next_seq": draw(st.integers(0, 3)),
        "paused": draw(st.booleans()),
    }
    camera = draw(st.sampled_from([None, "ok", "starting", "unplugged", "frozen"]))
    if camera is not None:
        more["camera"] = camera
    connected_s = draw(st.none() | SECONDS)
    return Device.of_status(
        status(
            received_s - draw(st.sampled_from([0, 0, 1, 70])) + clock,
            received_s=received_s,
            connected_s=None if connected_s is None else connected_s + clock,
            **more,
        )
    )


PRESENCE = st.builds(
    lambda at_s, version, is_connected, is_duplicate: Device.of_presence(
        "cam-1", presence(at_s, version, is_connected=is_connected), is_duplicate=is_duplicate
    ),
    SECONDS,
    st.integers(0, 5),
    st.booleans(),
    st.booleans(),
)
MESSAGES = st.lists(heartbeats() | PRESENCE, min_size=1, max_size=8)


@given(MESSAGES, st.data())
def test_repeated_and_disordered_messages_give_the_same_device(
    messages: list[Device], data: st.DataObject
) -> None:
    repeats = data.draw(st.lists(st.sampled_from(messages), max_size=4))
    disordered = data.draw(st.permutations(messages + repeats))
    expected, device = joined(*messages), joined(*disordered)
    assert device == expected
    cut = data.draw(st.integers(1, len(disordered)))
    if cut < len(disordered):
        assert joined(joined(*disordered[:cut]), joined(*disordered[cut:])) == expected
    now = at(data.draw(SECONDS))
    assert condition_of(device, now, GRACES) == condition_of(expected, now, GRACES)


@given(MESSAGES)
def test_a_device_is_the_same_when_it_is_stored_and_read(messages: list[Device]) -> None:
    device = joined(*messages)
    assert from_fields(device.device_id, to_fields(device)) == device


@st.composite
def lives(draw: st.DrawFn) -> tuple[list[Device], bool]:
    """Return what a device with a right clock and AWS say over some connections.

    The device beats during each connection. A connection ends with an orderly stop, or with its
    last will, which may arrive after the next connection has begun.
    """
    messages: list[Device] = []
    second = 0
    is_online = False
    for version in range(draw(st.integers(1, 4))):
        connected_s = second = second + draw(st.integers(1, 400))
        messages.append(Device.of_presence("cam-1", presence(second, version, is_connected=True)))
        for _ in range(draw(st.integers(1, 3))):
            second += draw(st.integers(1, 60))
            messages.append(Device.of_status(status(second, connected_s=connected_s)))
        is_online = draw(st.booleans())
        if not is_online:
            is_will = draw(st.booleans())
            sent_s = connected_s if is_will else second + 1
            second += 1
            stop = status(
                sent_s,
                received_s=second + draw(st.integers(0, 30)),
                connected_s=connected_s,
                status="offline",
            )
            messages.append(Device.of_status(stop))
            gone = presence(second, version, is_connected=False)
            messages.append(Device.of_presence("cam-1", gone))
    return messages, is_online


@given(lives(), st.data())
def test_a_device_is_online_if_its_last_connection_is_open(
    life: tuple[list[Device], bool], data: st.DataObject
) -> None:
    messages, is_online = life
    device = joined(*data.draw(st.permutations(messages)))
    assert device.last_seen is not None
    found = condition_of(device, device.last_seen, GRACES)
    assert found.state == ("online" if is_online else "offline")
