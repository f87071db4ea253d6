from __future__ import annotations

from pathlib import Path

import pytest

from scripts.deploy.__main__ import commands
from scripts.deploy.stage import load_stage

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("is_attended", [True, False])
def test_nobody_is_asked_when_a_pipeline_deploys(is_attended: bool) -> None:
    stage = load_stage("prod", ROOT / "samconfig.toml")
    build, deploy = commands(Path("sam"), stage, "eu-central-1", "", is_attended=is_attended)
    assert build == ["sam", "build"]
    assert ("--no-confirm-changeset" not in deploy) is is_attended
    assert deploy.index("--parameter-overrides") > deploy.index("--region")
