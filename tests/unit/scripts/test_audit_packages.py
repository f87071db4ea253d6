"""``make audit``: a package that could not be looked up never counts as one without a fault."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
UNKNOWN = "ERROR:pip_audit._cli:attrs: Dependency not found on PyPI and could not be audited"


@pytest.mark.parametrize(
    ("stand_in", "status", "told"),
    [
        ("echo 'No known vulnerabilities found' >&2", 0, "a.txt: no known vulnerability\n"),
        (
            "echo 'Found 2 known vulnerabilities in 1 package' >&2; exit 1",
            1,
            "a.txt: Found 2 known vulnerabilities in 1 package\n",
        ),
        (f"echo '{UNKNOWN}' >&2; exit 1", 2, "PyPI itself is needed and no mirror (attrs: "),
        ("printf 'Traceback …\\nConnectionError: no\\n' >&2; exit 1", 2, "(ConnectionError: no)\n"),
    ],
)
def test_exit_code_tells_fault_from_ignorance(
    tmp_path: Path, stand_in: str, status: int, told: str
) -> None:
    program = tmp_path / "pip-audit"
    program.write_text(f'#!/bin/sh\necho "$@" > "{tmp_path}/arguments"\n{stand_in}\n')
    program.chmod(0o755)
    done = subprocess.run(
        [str(ROOT / "scripts" / "audit_packages"), "a.txt", "b.txt"],
        env=os.environ | {"PIP_AUDIT": str(program)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == status
    assert told in done.stdout + done.stderr
    assert done.stderr.count("\n") == (status == 2)
    assert "--strict" in (tmp_path / "arguments").read_text()
    assert ("b.txt" in done.stdout) is (status != 2), "a fault in one list hides none in another"
