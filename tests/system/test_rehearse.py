"""``make rehearse``: the built template in MiniStack, from sam deploy to a redrive."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from local.errors import StartError
from local.rehearse.build import PROCESSOR, SAM
from local.rehearse.namespace import check_namespaces
from tests.helpers.template import ROOT

pytestmark = [pytest.mark.long, pytest.mark.system, pytest.mark.artefact, pytest.mark.timeout(600)]


def test_a_smile_passes_through_the_deployed_stack(tmp_path: Path) -> None:
    if PROCESSOR is None:
        pytest.skip("needs Linux on x86_64 or arm64")
    try:
        check_namespaces()
    except StartError as error:
        pytest.skip(str(error))
    assert SAM.exists(), "needs aws-sam-cli: make .venv-sam/.done"
    shell = tmp_path / "shell"
    shell.write_text('#!/bin/sh\necho "the shell uses $AWS_ENDPOINT_URL"\n')
    shell.chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-m", "local.rehearse", "--explore"],
        cwd=ROOT,
        env=os.environ | {"SHELL": str(shell), "XDG_STATE_HOME": str(tmp_path / "state")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for line in (
        "rehearse: the REST API lists 7 smiles",
        "rehearse: make redrive: 1 sent, 1 kept; the REST API lists 8 smiles",
        "rehearse: a second deployment changed EVENT_RETENTION_DAYS of the alias live: 14 to 33",
        "the shell uses http://localhost:4566",
    ):
        assert line in done.stdout.splitlines()
    assert not (tmp_path / "state").exists(), "the events of a real camera are not touched"
