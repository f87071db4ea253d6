"""A template on this machine: its resources in a store, its functions as `local` reads them."""

from __future__ import annotations

from pathlib import Path

from local.aws.endpoints import LocalAws
from local.aws.provision import Provisioner
from local.aws.store import start_aws_server
from local.cloudformation.function_spec import function_specs
from local.cloudformation.physical import PhysicalNames
from local.cloudformation.resolver import Resolver
from local.cloudformation.template import load_template
from local.processes.child import Processes, wait_for_port
from tests.helpers.waiting import LOOPBACK, free_port


class LocalCloud:
    """A store with the resources of a template.

    Attributes
    ----------
    aws : LocalAws
        Endpoint and clients.
    resolver : Resolver
        Names, URLs and ARNs of the resources.
    functions : dict of str to FunctionSpec
        The functions by logical id.
    """

    def __init__(self, template: Path, processes: Processes) -> None:
        self.aws = start_store(processes)
        loaded = load_template(template)
        names = PhysicalNames(self.aws.region, self.aws.endpoint_url)
        self.resolver = Resolver(loaded, names, read_secret=lambda _: "k" * 64)
        Provisioner(self.aws, self.resolver).create_all()
        self.functions = {spec.logical_id: spec for spec in function_specs(loaded, self.resolver)}

    def ref(self, logical_id: str) -> str:
        """Return what ``!Ref`` returns: the URL of a queue, the ARN of a topic and so on."""
        return str(self.resolver.resolve({"Ref": logical_id}, logical_id))


def start_store(processes: Processes) -> LocalAws:
    """Start the store; return its endpoint once it answers."""
    port = free_port()
    aws = LocalAws(f"http://{LOOPBACK}:{port}")
    wait_for_port(start_aws_server(aws, port, processes), port)
    return aws
