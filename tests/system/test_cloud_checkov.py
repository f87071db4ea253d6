"""Checkov's rules for what the template creates, in each stage."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from scripts.translate_template import ROOT, STAGES, main, packaged_template, translate

CHECKOV = ROOT / ".venv-checkov" / "bin" / "checkov"
pytestmark = [
    pytest.mark.system,
    pytest.mark.long,
    pytest.mark.skipif(not CHECKOV.exists(), reason="needs checkov: run make .venv-checkov/.done"),
]


def failed_checks(folder: Path) -> set[str]:
    """Return the ids of the checks that fail for the templates in a folder."""
    done = subprocess.run(
        [
            *(CHECKOV, "--framework", "cloudformation", "--directory", folder),
            *("--output", "json", "--skip-download"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    found = json.loads(done.stdout)
    assert found["summary"]["passed"] > 50
    return {check["check_id"] for check in found["results"]["failed_checks"]}


def test_no_check_fails_without_a_reason_in_the_template(tmp_path: Path) -> None:
    main(tmp_path)
    assert len(list(tmp_path.iterdir())) == len(STAGES)
    assert failed_checks(tmp_path) == set()


def test_unencrypted_topic_is_found(tmp_path: Path) -> None:
    translated = translate(packaged_template())
    translated["Resources"]["AlertTopic"]["Properties"].pop("KmsMasterKeyId")
    (tmp_path / "dev.json").write_text(json.dumps(translated), "utf-8")
    assert "CKV_AWS_26" in failed_checks(tmp_path)
