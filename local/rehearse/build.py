"""``sam build`` for this machine's processor and Python."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Final

from local.errors import StartError

ROOT: Final = Path(__file__).resolve().parents[2]
SAM: Final = ROOT / ".venv-sam" / "bin" / "sam"
# What SAM calls this machine's processor; None where the functions cannot run.
PROCESSOR: Final = {
    "x86_64": "x86_64",
    "amd64": "x86_64",
    "aarch64": "arm64",
    "arm64": "arm64",
}.get(platform.machine().lower() if sys.platform == "linux" else "")


def build_environment() -> dict[str, str]:
    """Return variables with which ``sam build`` compiles for the Python of this process."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return environment | {
        "SAM_CLI_TELEMETRY": "0",
        "LAMBDA_PYTHON": sys.executable,
        "LAMBDA_VERSION": f"3.{sys.version_info.minor}",
    }


def sam_build(folder: Path) -> None:
    """Build the template into `folder`.

    Raises
    ------
    StartError
        With the output of ``sam build`` when it fails.
    """
    done = subprocess.run(
        [
            *(str(SAM), "build", "--no-cached", "--build-dir", str(folder)),
            "--parameter-overrides",
            *("Stage=dev", f"Architecture={PROCESSOR}", f"EdgeArchitecture={PROCESSOR}"),
        ],
        cwd=ROOT,
        env=build_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise StartError(f"sam build failed: {done.stdout}{done.stderr}")
