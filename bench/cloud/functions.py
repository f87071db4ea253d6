"""The functions in the output of ``sam build``, and two variants to compare them with."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Final

from local.aws.endpoints import LocalAws
from local.cloudformation.function_spec import FunctionSpec, function_specs
from local.cloudformation.physical import PhysicalNames
from local.cloudformation.resolver import Resolver
from local.cloudformation.template import load_template
from local.rehearse.build import ROOT, build_environment

BARE: Final = "bare"
_BARE_CODE: Final = Path(__file__).with_name("bare")
_COMPILE: Final = ROOT / "scripts" / "compile_for_lambda"


def built_functions(build: Path, aws: LocalAws) -> dict[str, FunctionSpec]:
    """Return the functions in the output of ``sam build`` by logical id."""
    template = load_template(build / "template.yaml")
    names = PhysicalNames(aws.region, aws.endpoint_url)
    resolver = Resolver(template, names, read_secret=lambda _: "k" * 64)
    return {spec.logical_id: spec for spec in function_specs(template, resolver)}


def bare_function(like: FunctionSpec, folder: Path) -> FunctionSpec:
    """Build the bare function into `folder`, with the layers and variables of another."""
    shutil.copytree(_BARE_CODE, folder)
    command = [str(_COMPILE), str(folder), "/var/task"]
    subprocess.run(command, env=build_environment(), check=True)
    return replace(like, logical_id=BARE, code_folder=folder)


def without_bytecode(spec: FunctionSpec, folder: Path) -> FunctionSpec:
    """Copy a function and its layers into `folder`, as ``NO_BYTECODE=1`` builds them."""
    ignore = shutil.ignore_patterns("__pycache__")
    code = folder / "code"
    shutil.copytree(spec.code_folder, code, ignore=ignore)
    layers = []
    for number, layer in enumerate(spec.layer_folders):
        layers.append(folder / str(number))
        shutil.copytree(layer, layers[-1], ignore=ignore)
    return replace(spec, code_folder=code, layer_folders=tuple(layers))
