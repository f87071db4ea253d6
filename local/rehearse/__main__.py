"""``python -m local.rehearse``: deploy into MiniStack and follow a smile; ``make rehearse``."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from local.command_line import Parser, interrupt_on_signals, report_failure
from local.errors import LocalError, StartError
from local.processes.child import Processes
from local.rehearse.build import PROCESSOR, ROOT, SAM, sam_build
from local.rehearse.ministack import ENDPOINT, client_environment, start_ministack
from local.rehearse.namespace import (
    check_namespaces,
    current_namespace,
    run_in_namespace,
    start_loopback,
)
from local.rehearse.rehearsal import DEVICE, Rehearsal

_CHANGED_DAYS = "33"
_INTERRUPTED = 130  # 128 + SIGINT, as shells report it


def main(argv: Sequence[str]) -> int:
    """Run the command; return 0, or 2 when a step failed."""
    try:
        interrupt_on_signals()
        parser = Parser(
            prog="python -m local.rehearse", description=(__doc__ or "").splitlines()[0]
        )
        parser.add_argument(
            "--explore", action="store_true", help="open a shell in the rehearsal at its end"
        )
        parser.add_argument("--inside", metavar="NAMESPACE", help="(used by the command itself)")
        options = parser.parse_args(argv)
        if options.inside:
            return _inside(options.inside, explore=options.explore)
        return _outside(argv)
    except LocalError as error:
        return report_failure("rehearse", error)
    except KeyboardInterrupt:
        return _INTERRUPTED


def _outside(argv: Sequence[str]) -> int:
    if PROCESSOR is None:
        raise StartError("needs Linux on x86_64 or arm64")
    if not SAM.exists():
        raise StartError("aws-sam-cli is missing: run make .venv-sam/.done")
    check_namespaces()
    began = time.monotonic()
    shutil.rmtree(_build(), ignore_errors=True)
    sam_build(_build())
    _say(f"sam build took {time.monotonic() - began:.0f} s")
    inside = ["--inside", current_namespace(), *argv]
    return run_in_namespace([sys.executable, "-m", "local.rehearse", *inside])


def _inside(outside: str, *, explore: bool) -> int:
    start_loopback(outside)
    with TemporaryDirectory(prefix="smile-rehearsal-") as name:
        work = Path(name)
        (work / "logs").mkdir()
        processes = Processes(work / "logs")
        try:
            start_ministack(processes)
            _rehearse(Rehearsal(_build(), work))
            if explore:
                _explore(work)
        finally:
            processes.stop()
    return 0


def _rehearse(rehearsal: Rehearsal) -> None:
    began = time.monotonic()
    left_out = rehearsal.deploy()
    _say(
        f"sam deploy created {rehearsal.count_resources()} resources in "
        f"{time.monotonic() - began:.0f} s"
    )
    _say(f"left out, because MiniStack lacks what they need: CodeDeploy, {', '.join(left_out)}")
    settings = rehearsal.register_device()
    _say(f"make device registered {DEVICE} and wrote {settings.name}")
    published = rehearsal.run_camera(settings)
    _say(f"the camera published {published} events over mutual TLS")
    smiles = rehearsal.wait_for_events(published // 2)  # started and ended
    _say(f"the REST API lists {smiles} smiles")
    _say(f"a message that breaks the contract is a dead letter: {rehearsal.send_dead_letters()}")
    redriven = rehearsal.redrive()
    if redriven != "1 sent, 1 kept":
        raise StartError(f"make redrive: expected 1 message sent and 1 kept, got: {redriven}")
    smiles = rehearsal.wait_for_events(smiles + 1)
    _say(f"make redrive: {redriven}; the REST API lists {smiles} smiles")
    before = rehearsal.live_value("StoreEventFunction", "EVENT_RETENTION_DAYS")
    rehearsal.deploy({"EventRetentionDays": _CHANGED_DAYS})
    after = rehearsal.live_value("StoreEventFunction", "EVENT_RETENTION_DAYS")
    if after != _CHANGED_DAYS:
        raise StartError(f"the alias live keeps EVENT_RETENTION_DAYS={after} after the change")
    _say(f"a second deployment changed EVENT_RETENTION_DAYS of the alias live: {before} to {after}")


def _explore(work: Path) -> None:
    _say(f"AWS is {ENDPOINT} in this shell, for boto3, the AWS CLI and the commands of make")
    _say(f"the device is in {work}/devices; the logs are in {work}/logs; leave with exit")
    shell = os.environ.get("SHELL", "/bin/sh")
    subprocess.run([shell], env=client_environment(), cwd=ROOT, check=False)


def _build() -> Path:
    return ROOT / "build" / "rehearsal"


def _say(text: str) -> None:
    print(f"rehearse: {text}", flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
