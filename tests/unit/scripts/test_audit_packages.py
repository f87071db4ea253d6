"""``make audit``: a failed lookup never counts as free of vulnerabilities."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
UNKNOWN = "ERROR:pip_audit._cli:attrs: Dependency not found on PyPI and could not be audited"


@pytest.mark.parametrize(
    ("pip_audit", "status", "output"),
    [
        ("echo 'No known vulnerabilities found' >&2", 0, "a.txt: no known vulnerability\n"),
        (
            "echo 'Found 2 known vulnerabilities in 1 package' >&2; exit 1",
            1,
            "a.txt: Found 2 known vulnerabilities in 1 package\n",
        ),
        (
            f"echo '{UNKNOWN}' >&2; exit 1",
            2,
            "needs pypi.org itself, a mirror is not enough (attrs",
        ),
        ("printf 'Traceback …\\nConnectionError: no\\n' >&2; exit 1", 2, "(ConnectionError: no)\n"),
    ],
)
def test_exit_code_separates_vulnerabilities_from_failed_lookups(
    tmp_path: Path, pip_audit: str, status: int, output: str
) -> None:
    program = tmp_path / "pip-audit"
    program.write_text(f'#!/bin/sh\necho "$@" > "{tmp_path}/arguments"\n{pip_audit}\n')
    program.chmod(0o755)
    done = subprocess.run(
        [str(ROOT / "scripts" / "audit_packages"), "a.txt", "b.txt"],
        env=os.environ | {"PIP_AUDIT": str(program)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == status
    assert output in done.stdout + done.stderr
    assert done.stderr.count("\n") == (status == 2)
    assert "--strict" in (tmp_path / "arguments").read_text()
    assert ("b.txt" in done.stdout) is (status != 2), "a finding does not end the audit"
