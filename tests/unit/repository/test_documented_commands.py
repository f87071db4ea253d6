"""The documentation names make targets, AWS operations, options and modules that exist."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec

import pytest

from tests.helpers.documented_commands import SERVICES, aws_commands, commands, operations
from tests.helpers.template import ROOT

MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
TARGETS = set(re.findall(r"^([a-z][a-z-]*):(?!=)", MAKEFILE, re.M)) | {
    name for line in re.findall(r"^\.PHONY: (.+)$", MAKEFILE, re.M) for name in line.split()
}
DOCUMENTS = subprocess.run(
    ["git", "ls-files", "-co", "--exclude-standard", "*.md"],
    cwd=ROOT,
    check=True,
    capture_output=True,
    text=True,
).stdout.split()
OWN = {
    ("cloudformation", "deploy"): {
        "stack-name",
        "template-file",
        "capabilities",
        "parameter-overrides",
    },
    ("sns", "subscribe"): {"notification-endpoint"},
    ("logs", "tail"): {"since", "filter-pattern", "format", "follow"},
    ("dynamodb", "wait"): {"table-name"},
    ("iot", "create-keys-and-certificate"): {"certificate-pem-outfile", "private-key-outfile"},
}
GLOBAL = {"query", "output", "region", "profile", "cli-binary-format", "max-items"}
_MAKE = re.compile(
    r"(?:^ *|[$;&(|] *|run |with_config )make ([a-z][a-z-]*)((?: +[A-Z_]+=(?:'[^']*'|\S+))*)", re.M
)
_MODULE = re.compile(
    r"python(?:3)? -m ((?:ops|local|training|edge_lambda|scripts|bench|smile_vision)[\w.]*)"
)


def faults(code: str) -> Iterator[str]:
    """Return what a document's commands name and does not exist."""
    for target, variables in _MAKE.findall(code):
        if target not in TARGETS:
            yield f"make {target}: no such target"
        for variable in re.findall(r"([A-Z_]+)=", re.sub(r"'[^']*'", "", variables)):
            if not re.search(rf"\b{variable}\b", MAKEFILE):
                yield f"make {target}: no variable {variable}"
    for module in _MODULE.findall(code):
        if find_spec(module) is None:
            yield f"no module {module}"
    for service, operation, rest in aws_commands(code):
        own = SERVICES.get(service, service)
        if own is None:
            continue
        extra = OWN.get((service, operation), set())
        if operation not in operations(own) and not extra:
            yield f"aws {service} {operation}: no such operation"
            continue
        known = operations(own).get(operation, set()) | extra | GLOBAL
        unquoted = re.sub(r"\"[^\"]*\"|'[^']*'", "", rest)
        for option in re.findall(r"(?<=\s)--([a-z0-9-]+)", unquoted.split(" && ")[0]):
            if option not in known:
                yield f"aws {service} {operation}: no option --{option}"


@pytest.mark.parametrize("name", DOCUMENTS)
def test_commands_of_a_document_exist(name: str) -> None:
    assert list(faults(commands(name))) == []


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("make deploi STAGE=dev", "make deploi: no such target"),
        ("make deploy STAGGE=dev", "make deploy: no variable STAGGE"),
        ("aws sqs get-queue --queue-url x", "aws sqs get-queue: no such operation"),
        ("aws sqs purge-queue --queue-name x", "aws sqs purge-queue: no option --queue-name"),
        ("python -m ops.undo", "no module ops.undo"),
    ],
)
def test_a_command_that_does_not_exist_is_found(code: str, fault: str) -> None:
    assert list(faults(code)) == [fault]
