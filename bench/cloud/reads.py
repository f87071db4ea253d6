"""Count what ``GET /v1/events`` reads of up to a million events: ``python -m bench.cloud.reads``.

The code of ``history_api`` runs on a stand-in for the table, which counts queries and derives read
units from the sizes of the items. It says nothing about the time that DynamoDB takes.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from bench.cloud.counted_table import DEVICE, NEWEST, TABLE, CountedTable, Reads, stored
from bench.cloud.item_size import item_bytes
from bench.report import machine, table, versions, write_section
from smile_cloud.history_api.event_history import EventHistory
from smile_cloud.history_api.media_types import CSV, NDJSON
from smile_cloud.history_api.query import HistoryQuery
from smile_cloud.history_api.requests import DEFAULT_LIMIT, ListEvents
from smile_cloud.history_api.service import HistoryApiService

SECTION = "reads"
PAGES: Final[Mapping[str, HistoryQuery]] = {
    "all cameras, newest": HistoryQuery(),
    "all cameras, oldest": HistoryQuery(oldest_first=True),
    "one camera, newest": HistoryQuery(DEVICE),
    "all cameras, one in ten matches": HistoryQuery(min_score=0.9),
    "one camera, one in ten matches": HistoryQuery(DEVICE, min_score=0.9),
    "all cameras, none matches": HistoryQuery(min_score=1),
    "one camera, none matches": HistoryQuery(DEVICE, min_score=1),
}
_OLDEST_FIRST: Final = HistoryQuery(oldest_first=True)
_KEY: Final = b"k" * 64
_INVOCATION_MS: Final = 29_000


class IncompleteExportError(Exception):
    """The export lacks events, repeats them or has them in another order."""


def service(counted: CountedTable) -> HistoryApiService:
    """Return the code of ``history_api`` on a stand-in for the table."""
    return HistoryApiService(EventHistory(counted.client(), TABLE), _KEY, lambda: NEWEST)


def page_rows(sizes: Sequence[int]) -> Iterator[list[str]]:
    """Yield a row for the first page of each query, at each number of events."""
    for events in sizes:
        counted = CountedTable(events)
        answering = service(counted)
        for name, query in PAGES.items():
            counted.reads = Reads()
            page = answering.handle(ListEvents(query, None, None))
            more = "no" if page["next_cursor"] is None else "yes"
            yield [f"{events:,}, {name}", str(len(page["events"])), more, *_cells(counted.reads)]


def export_rows(events: int) -> Iterator[list[str]]:
    """Yield a row for the export of all events in each format.

    Raises
    ------
    IncompleteExportError
    """
    for media_type, ids_of in ((CSV, _csv_ids), (NDJSON, _ndjson_ids)):
        counted = CountedTable(events)
        busy = time.process_time()
        parts = list(_parts(service(counted), media_type))
        cpu_s = time.process_time() - busy
        if ids_of("".join(parts)) != counted.ids:
            raise IncompleteExportError(media_type)
        largest = max(len(part.encode()) for part in parts) / 1e6
        yield [
            media_type, f"{events:,}", str(len(parts)), f"{largest:.1f}", *_cells(counted.reads),
            f"{cpu_s:.0f}",
        ]  # fmt: skip


def _parts(answering: HistoryApiService, media_type: str) -> Iterator[str]:
    cursor = None
    while True:
        request = ListEvents(_OLDEST_FIRST, None, cursor)
        part = answering.export(request, media_type, _remaining_ms())
        yield part.body
        cursor = part.next_cursor
        if cursor is None:
            return


def _remaining_ms() -> Callable[[], int]:
    """Return the clock of an invocation that counts processor time, not that of other programs."""
    end = time.process_time() + _INVOCATION_MS / 1000
    return lambda: int(1000 * (end - time.process_time()))


def _csv_ids(text: str) -> list[str]:
    return [record["event_id"] for record in csv.DictReader(io.StringIO(text, newline=""))]


def _ndjson_ids(text: str) -> list[str]:
    return [json.loads(line)["event_id"] for line in text.splitlines()]


def _cells(reads: Reads) -> list[str]:
    return [str(reads.queries), f"{reads.items:,}", f"{reads.units:.1f}"]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--events", type=int, nargs="+", default=[10**n for n in range(3, 7)])
    parser.add_argument("--exported", type=int, default=100_000, help="events of the export")
    parser.add_argument("--markdown", type=Path, help="write the tables into this document")
    options = parser.parse_args()
    size = item_bytes(stored(CountedTable(1).ids[0]))
    notes = [
        f"Counted on {machine()}.",
        f"{versions('boto3')}. Pages of {DEFAULT_LIMIT} events, {size} bytes each in the table.",
    ]
    head = ["events, first page", "found", "more", "queries", "items read", "read units"]
    pages = table(head, list(page_rows(options.events)))
    head = ["export", "events", "parts", "largest, MB", *head[3:], "CPU, s"]
    exports = table(head, list(export_rows(options.exported)))
    text = "\n\n".join(["  \n".join(notes), pages, exports])
    print(text)
    if options.markdown:
        write_section(options.markdown, SECTION, text)


if __name__ == "__main__":
    main()
