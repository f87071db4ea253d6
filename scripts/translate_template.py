"""Translate ``template.yaml`` as CloudFormation does, for checks of what it creates.

``python -m scripts.translate_template build/translated`` writes one file for each stage.
"""

from __future__ import annotations

import copy
import json
import os
import sys
from functools import cache
from pathlib import Path
from typing import Any

from cfnlint.decode.cfn_yaml import load
from samtranslator.translator.transform import transform

ROOT = Path(__file__).parents[1]
STAGES = ("dev", "staging", "prod")
# What sam package writes.
_PACKAGED = {
    "CodeUri": "s3://bucket/key",
    "ContentUri": "s3://bucket/key",
    "TemplateURL": "https://s3.us-east-1.amazonaws.com/bucket/key",
}


class _NoManagedPolicies:
    """Replaces the account's list of managed policies, which the template does not use."""

    def load(self) -> dict[str, str]:
        return {}


@cache
def _written() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(json.dumps(load(str(ROOT / "template.yaml"))))
    return loaded


def packaged_template() -> dict[str, Any]:
    """Return a copy of ``template.yaml`` as sam package writes it."""
    template = copy.deepcopy(_written())
    for resource in template["Resources"].values():
        for name in _PACKAGED.keys() & resource["Properties"].keys():
            resource["Properties"][name] = _PACKAGED[name]
    return template


def translate(template: dict[str, Any], **parameters: str) -> dict[str, Any]:
    """Return a packaged template, translated.

    Parameters
    ----------
    template : dict
        See `packaged_template`.
    **parameters : str
        Values of parameters. Stage is ``dev`` and AlertEmail an example if they are missing.
    """
    # SAM asks boto3 for the region; the result does not depend on it.
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
    given = {"Stage": "dev", "AlertEmail": "someone@example.com"} | parameters
    translated: dict[str, Any] = transform(
        copy.deepcopy(template), given, _NoManagedPolicies(), passthrough_metadata=True
    )
    return translated


def main(folder: Path) -> None:
    """Write the translated template of each stage into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for stage in STAGES:
        text = json.dumps(translate(packaged_template(), Stage=stage), indent=2)
        (folder / f"{stage}.json").write_text(text, "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
