"""Measure the cold starts of the functions beside a bare one: ``make bench-cloud``.

Each function is built by ``sam build`` and runs under AWS's runtime interface client in a process
of its own. They take turns, so that a busy machine slows all of them alike.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from bench.cloud.cold_start import ColdStart, cold_start
from bench.cloud.functions import BARE, bare_function, built_functions, without_bytecode
from bench.cloud.requests import api_request, smile_of_now
from bench.cloud.runtime_packages import link_runtime_packages
from bench.cloud.stub_aws import stub_aws
from bench.report import machine, table, versions, write_section
from local.aws.endpoints import LocalAws
from local.cloudformation.function_spec import FunctionSpec
from local.rehearse.build import ROOT, sam_build

SECTION = "cold-start"
_REQUESTS: Final[tuple[tuple[str, str, Callable[[], Any]], ...]] = (
    ("store_event", "StoreEventFunction", smile_of_now),
    ("send_alert", "SendAlertFunction", smile_of_now),
    ("history_api, events", "HistoryApiFunction", lambda: api_request("history_api/list")),
    ("history_api, openapi.json", "HistoryApiFunction", lambda: api_request("history_api/openapi")),
    ("alerts_api, settings", "AlertsApiFunction", lambda: api_request("alerts_api/get_fleet")),
    ("feedback_api", "FeedbackApiFunction", lambda: api_request("feedback_api/put_unknown")),
    ("alerts_api, page", "AlertsApiFunction", lambda: api_request("alerts_api/page_bad_token")),
    ("photo_api", "PhotoApiFunction", lambda: api_request("photo_api/two_faces")),
)


@dataclass(frozen=True, slots=True)
class Contender:
    """A function, and what invokes it.

    Attributes
    ----------
    name : str
        In the table.
    spec : FunctionSpec
    event : callable
        Returns a new event for each round.
    """

    name: str
    spec: FunctionSpec
    event: Callable[[], Any]


def contenders(functions: Mapping[str, FunctionSpec], work: Path) -> list[Contender]:
    """Return what to measure, the bare function first."""
    store, history = functions["StoreEventFunction"], functions["HistoryApiFunction"]
    built = [
        Contender(name, functions[logical_id], event)
        for name, logical_id, event in _REQUESTS
        if logical_id in functions
    ]
    uncompiled = [
        Contender(f"{name}, NO_BYTECODE=1", without_bytecode(spec, work / name), event)
        for name, spec, event in (
            ("store_event", store, smile_of_now),
            ("history_api", history, lambda: api_request("history_api/list")),
        )
    ]
    return [Contender(BARE, bare_function(store, work / BARE), dict), *built, *uncompiled]


def measure(rounds: int) -> dict[str, list[ColdStart]]:
    """Build the functions, and start each one once a round."""
    found: dict[str, list[ColdStart]] = {}
    with TemporaryDirectory(dir=_scratch()) as name, stub_aws() as url:
        work, aws = Path(name), LocalAws(url)
        sam_build(work / "build")
        link_runtime_packages(work / "runtime")
        starting = contenders(built_functions(work / "build", aws), work)
        for number in range(rounds + 1):  # round 0 only fills the caches of the disk
            print(f"round {number} of {rounds}", file=sys.stderr, flush=True)
            for one in starting:
                result = cold_start(one.spec, one.event(), aws, work / "runtime")
                found.setdefault(one.name, []).append(result)
    return {name: results[1:] for name, results in found.items()}


def cold_start_table(found: Mapping[str, Sequence[ColdStart]]) -> str:
    """Return the medians, and the processor time as a multiple of the bare function's."""
    rows = [
        [
            name,
            f"{statistics.median(one.cpu_ms for one in results):.0f}",
            f"{cpu_ratio(results, found[BARE]):.2f}",
            f"{statistics.median(one.wall_ms for one in results):.0f}",
            f"{statistics.median(one.peak_mb for one in results):.0f}",
        ]
        for name, results in found.items()
    ]
    return table(["function", "CPU, ms", "ratio", "elapsed, ms", "peak, MB"], rows)


def cpu_ratio(results: Sequence[ColdStart], bare: Sequence[ColdStart]) -> float:
    """Return the median over the rounds of the processor time beside that of the bare function."""
    return statistics.median(
        one.cpu_ms / other.cpu_ms for one, other in zip(results, bare, strict=True)
    )


def _scratch() -> Path:
    folder = ROOT / "build" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--markdown", type=Path, help="write the table into this document")
    options = parser.parse_args()
    found = measure(options.rounds)
    notes = [
        f"Measured on {machine()}, {options.rounds} rounds.",
        f"Packages: {versions('awslambdaric', 'boto3', 'aws-lambda-powertools')}.",
        f"The functions ran on Python {platform.python_version()}; Lambda runs them on 3.13.",
    ]
    text = "\n\n".join(["  \n".join(notes), cold_start_table(found)])
    print(text)
    if options.markdown:
        write_section(options.markdown, SECTION, text)


if __name__ == "__main__":
    main()
