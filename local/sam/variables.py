"""The variables that connect functions in containers to the local AWS endpoint."""

from __future__ import annotations

from pathlib import Path

from local.aws.endpoints import LocalAws
from local.aws.provision import Provisioner
from local.cloudformation.api_spec import api_spec
from local.cloudformation.function_spec import function_specs, with_api_url
from local.cloudformation.physical import PhysicalNames
from local.cloudformation.resolver import Resolver
from local.cloudformation.template import load_template

SAM_API = "http://127.0.0.1:3000"  # where `sam local start-api` listens


def function_variables(template_path: Path, aws: LocalAws) -> dict[str, dict[str, str]]:
    """Create the template's resources and return each function's variables by its logical id.

    Raises
    ------
    TemplateError
        For something in the template that is not supported here.
    StartError
        When the server refuses or cannot be reached.
    """
    template = load_template(template_path)
    names = PhysicalNames(aws.region, aws.endpoint_url)
    resolver = Resolver(template, names, read_secret=aws.secret)
    Provisioner(aws, resolver).create_all()
    stage = api_spec(template, resolver).stage
    specs = [
        with_api_url(spec, aws.region, stage, SAM_API)
        for spec in function_specs(template, resolver)
    ]
    return {
        spec.logical_id: {**spec.environment, "AWS_ENDPOINT_URL": aws.endpoint_url}
        for spec in specs
    }
