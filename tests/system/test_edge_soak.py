"""A day of frames with every fault of disk, broker, camera and clock: books, memory, watchdog."""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from statistics import median

import pytest

from tests.helpers.mosquitto import needs_mosquitto
from tests.helpers.soak import WATCHDOG_S, Bookkeeper, Broker, Device
from tests.helpers.waiting import wait_until

pytestmark = [pytest.mark.system, needs_mosquitto]

SPEED = 144.0  # a day in ten minutes
HOUR_MS = 3_600_000.0
IN_1972_S = -1_700_000_000
MORE_MEMORY_MB = 8.0
EXPECTED_ERRORS = {"outbox in memory", "outbox damaged, renamed"}


class Faults:
    """The faults of one round; each ends with its block."""

    def __init__(self, device: Device, broker: Broker, calm_s: float) -> None:
        self._device = device
        self._broker = broker
        self._calm_s = calm_s

    def round(self) -> None:
        for fault, lasts_s in (
            (self.camera_cut, 1.0),
            (self.broker_down, 2.0),
            (self.disk_full, 1.0),
            (self.broker_frozen, 1.0),
            (self.clock_in_1972, 2.0),
            (self.clock_an_hour_ahead, 1.0),
            (self.file_damaged, 1.0),
            (self.all_at_once, 2.0),
        ):
            with fault():
                time.sleep(lasts_s)
            time.sleep(self._calm_s)

    @contextmanager
    def camera_cut(self) -> Iterator[None]:
        self._device.tell("camera off")
        yield
        self._device.tell("camera on")

    @contextmanager
    def broker_down(self) -> Iterator[None]:
        self._broker.stop()
        yield
        self._broker.start()

    @contextmanager
    def broker_frozen(self) -> Iterator[None]:
        self._broker.freeze()
        yield
        self._broker.thaw()

    @contextmanager
    def disk_full(self) -> Iterator[None]:
        self._device.fill_disk()
        yield
        self._device.free_disk()

    @contextmanager
    def file_damaged(self) -> Iterator[None]:
        """Fill the file with random bytes while the device keeps the events in memory."""
        with self.disk_full():
            yield
            wait_until(lambda: not self._device.is_on_disk)
            path = self._device.outbox
            for file in (path, path.with_name(f"{path.name}-wal")):
                if file.exists():
                    file.write_bytes(os.urandom(max(file.stat().st_size, 1)))

    @contextmanager
    def clock_in_1972(self) -> Iterator[None]:
        self._device.tell(f"clock {IN_1972_S} unsynchronized")
        yield
        self._device.tell("clock 0 synchronized")

    @contextmanager
    def clock_an_hour_ahead(self) -> Iterator[None]:
        self._device.tell("clock 3600 synchronized")
        yield
        self._device.tell("clock 0 synchronized")

    @contextmanager
    def all_at_once(self) -> Iterator[None]:
        with self.broker_down(), self.disk_full(), self.clock_in_1972():
            yield


@pytest.mark.parametrize(
    ("hours", "calm_s"),
    [
        pytest.param(0.3, 0.7, id="short"),
        pytest.param(24, 4.0, id="day", marks=[pytest.mark.long, pytest.mark.timeout(3600)]),
    ],
)
def test_books_balance_and_memory_stays_flat_through_all_faults(
    tmp_path: Path, hours: float, calm_s: float
) -> None:
    with ExitStack() as cleanup:
        broker = cleanup.enter_context(closing(Broker(tmp_path / "broker")))
        books = cleanup.enter_context(closing(Bookkeeper(broker.port)))
        device = cleanup.enter_context(closing(Device(tmp_path, broker.port, SPEED)))
        wait_until(lambda: books.events or device.process.poll() is not None, 30)
        assert device.process.poll() is None, device.log
        rounds, faults = 0, Faults(device, broker, calm_s)
        while rounds == 0 or device.progress["position_ms"] < hours * HOUR_MS:
            faults.round()
            rounds += 1
            assert device.process.poll() is None, device.log[-5:]
        wait_until(lambda: device.is_on_disk, 90)
        wait_until(lambda: set(device.published) <= set(books.events), 60)
        code = device.stop()
        finished = next(line for line in device.log if line["message"] == "finished")
        lost = finished["lost"] + finished["dropped"] + finished["quarantined"]
        # The end of the process publishes the last events.
        wait_until(lambda: len(device.published.keys() - books.events.keys()) <= lost, 30)
    print(json.dumps(figures(device, books, finished, rounds)))
    assert (code, lost, finished["undelivered"]) == (0, 0, 0)
    assert set(books.events) == set(device.published)
    assert {seq: key for key, seq in device.published.items()} == books.seqs
    assert set(books.seqs) == set(range(len(books.seqs)))
    phases = Counter(phase for _, phase in books.events)
    assert phases["started"] == phases["ended"] > 0
    assert {key[0] for key in books.events if key[1] == "started"} == {
        key[0] for key in books.events if key[1] == "ended"
    }
    assert all(event["started_at"] > "2026" for event in books.events.values())
    messages = {line["message"] for line in device.log if line.get("level") == "error"}
    assert messages == EXPECTED_ERRORS
    assert device.longest_silence_s < WATCHDOG_S
    first, second = memory_halves(device)
    assert second < first + MORE_MEMORY_MB


def memory_halves(device: Device) -> tuple[float, float]:
    """Return the median memory of both halves in MB, without the start."""
    values = [memory for at_s, memory in device.memory if at_s > 5]
    middle = len(values) // 2
    return median(values[:middle]), median(values[middle:])


def figures(
    device: Device, books: Bookkeeper, finished: dict[str, object], rounds: int
) -> dict[str, object]:
    first, second = memory_halves(device)
    return {
        "hours": round(device.progress["position_ms"] / HOUR_MS, 2),
        "wall_s": round(device.memory[-1][0]),
        "rounds": rounds,
        "frames": finished["frames"],
        "events": len(books.events),
        "corrected": sum(event.get("clock") == "corrected" for event in books.events.values()),
        "memory_mb": [
            round(first, 1),
            round(second, 1),
            round(max(memory for _, memory in device.memory), 1),
        ],
        "longest_silence_s": round(device.longest_silence_s, 1),
    }
