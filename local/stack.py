"""One template running on this machine: started in order, stopped at once."""

from __future__ import annotations

import errno
import secrets
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from local.api.http_front import HttpFront, HttpServer
from local.aws.alert_inbox import Alert, AlertInbox
from local.aws.endpoints import LocalAws
from local.aws.moto import start_aws_server
from local.aws.provision import QUEUE, SECRET, TABLE, TOPIC, Provisioner
from local.cloudformation.api_spec import API, ApiSpec, api_spec
from local.cloudformation.function_spec import (
    FUNCTION,
    LAYER,
    FunctionSpec,
    device_functions,
    function_specs,
)
from local.cloudformation.physical import API_ID, PhysicalNames
from local.cloudformation.resolver import Resolver
from local.cloudformation.rule_spec import PERMISSION, RULE, RuleSpec, rule_specs
from local.cloudformation.template import load_template
from local.errors import StartError
from local.functions.async_invoker import AsyncInvoker, Outcome
from local.functions.function_runtime import FunctionRuntime
from local.functions.runtime_api import Answer
from local.iot.broker import choose_broker, start_broker, wait_for_broker
from local.iot.rule_engine import RuleListener
from local.options import DEFAULT_PORT, Options
from local.processes.child import LOOPBACK, Child, Processes, free_port, port_is_free, wait_for_port

_PORTS_TRIED = 50
_RUN_HERE = {API, FUNCTION, LAYER, PERMISSION, QUEUE, RULE, SECRET, TABLE, TOPIC}
# What guards, watches or limits on AWS, and would change nothing here.
_WITHOUT_MEANING = (
    "AWS::ApiGateway::",
    "AWS::CloudWatch::",
    "AWS::IAM::",
    "AWS::IoT::Policy",
    "AWS::Logs::",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::QueuePolicy",
)


@dataclass(frozen=True)
class StackEvents:
    """Whom a stack tells what happens; all are called in the background.

    Attributes
    ----------
    on_outcome : callable
        Each try of an asynchronous invocation.
    on_alert : callable
        Each alert that SNS delivered.
    on_problem : callable
        Each thing that went wrong without ending the run, in one line.
    """

    on_outcome: Callable[[Outcome], None]
    on_alert: Callable[[Alert], None]
    on_problem: Callable[[str], None]


class Stack:
    """The AWS side of one run.

    Parameters
    ----------
    options : Options
        What the user asked for.
    folder : Path
        A temporary folder.
    events : StackEvents
        Whom to tell.
    environment : Mapping of str to str
        The user's environment; only the region and the table's server are taken from it.

    Raises
    ------
    TemplateError
        When the template holds something that does not run here; nothing is started then.
    StartError
        When a port is taken or the table's server is AWS itself.
    """

    def __init__(
        self,
        options: Options,
        folder: Path,
        events: StackEvents,
        environment: Mapping[str, str],
    ) -> None:
        self._options = options
        self._folder = folder
        self._events = events
        self.broker_kind = choose_broker(options.broker)
        self.mqtt_port = _port(options.mqtt_port, "--mqtt-port")
        self._listening = _listen(options.port)  # held from now on, so that nobody takes it
        self.api_port: int = self._listening.getsockname()[1]
        self.api_key = options.api_key or secrets.token_urlsafe(24)
        aws_port = self._aws_port = _port(options.aws_port, "--aws-port")
        self.aws = LocalAws.from_environment(f"http://{LOOPBACK}:{aws_port}", environment)
        self._template = load_template(options.template)
        self._names = PhysicalNames(self.aws.region, self.aws.endpoint_url)
        self._resolver = Resolver(
            self._template, self._names, options.parameters, read_secret=self._read_secret
        )
        blind = Resolver(self._template, self._names, options.parameters)
        self._rules: list[RuleSpec] = rule_specs(self._template, blind)
        self._api: ApiSpec = api_spec(self._template, blind)
        specs = self._cloud_functions(blind)
        self.queues = {
            name: blind.resolve({"Ref": name}, name) for name in blind.logical_ids(QUEUE)
        }
        self.not_run = [
            f"{name} ({kind})"
            for name in blind.logical_ids()
            if (kind := self._template.type_of(name)) not in _RUN_HERE
            and not kind.startswith(_WITHOUT_MEANING)
        ]
        logs = options.logs or folder
        try:
            logs.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            reason = (error.strerror or "cannot be created").lower()
            raise StartError(f"--logs {logs}: {reason}") from error
        self.processes = Processes(logs)
        self.invoker = AsyncInvoker(specs, self.aws, options.retry_delay_s, events.on_outcome)
        self._listeners = [
            RuleListener(rule, self.invoker, self.aws, events.on_problem) for rule in self._rules
        ]
        self._inbox = AlertInbox(self.aws, events.on_alert)
        self._runtimes: dict[str, FunctionRuntime] = {}
        self._server: HttpServer | None = None
        self._needed: list[Child] = []
        self.kept_tables: list[str] = []

    @property
    def url(self) -> str:
        """Base of the REST API."""
        return f"http://{LOOPBACK}:{self.api_port}"

    def start_messaging(self) -> None:
        """Start the servers and listen to the broker: from here on a device may send."""
        aws = start_aws_server(self.aws, self._aws_port, self.processes)
        broker = start_broker(self.broker_kind, self.mqtt_port, self.processes, self._folder)
        self._needed = [aws, broker]
        wait_for_broker(broker, self.mqtt_port)
        for listener in self._listeners:
            listener.start(self.mqtt_port)

    def start_functions(self) -> None:
        """Create the resources, start functions and REST API, and wait until all are ready."""
        wait_for_port(self._needed[0], self._aws_port)
        self.kept_tables = Provisioner(self.aws, self._resolver, self._names).create_all()
        topics = [self._resolver.arn(name) for name in self._resolver.logical_ids(TOPIC)]
        self._inbox.subscribe(topics)
        for spec in self._cloud_functions(self._resolver):
            runtime = FunctionRuntime(self._with_local_url(spec), self.aws, self.processes)
            self._runtimes[spec.logical_id] = runtime
            runtime.start()
        front = HttpFront(self._api, self.api_key, self._invoke, self._events.on_problem)
        self._server = HttpServer(front, self._listening)
        for name, runtime in self._runtimes.items():
            failure = runtime.wait_initialized()
            if failure is not None:
                raise StartError(f"{name} cannot start: {failure.error_message()}")
            self.invoker.attach(runtime)

    def check(self) -> None:
        """Raise StartError when the broker or the AWS server has ended."""
        for child in self._needed:
            if child.process.poll() is not None:
                raise StartError(f"{child.name} ended unexpectedly: {child.complaint()}")

    def stop(self) -> None:
        """Stop everything; no process is left."""
        self.invoker.close()
        self._inbox.stop()
        for listener in self._listeners:
            listener.stop()
        self.processes.stop()
        if self._server is not None:
            self._server.close()
        self._listening.close()
        for runtime in self._runtimes.values():
            runtime.close()

    def _cloud_functions(self, resolver: Resolver) -> list[FunctionSpec]:
        """Return the functions but the device's, which runs as `edge_lambda` itself."""
        on_devices = device_functions(self._template)
        specs = function_specs(self._template, resolver)
        return [spec for spec in specs if spec.logical_id not in on_devices]

    def _invoke(self, function: str, event: bytes) -> Answer:
        return self._runtimes[function].invoke(event)

    def _read_secret(self, secret_id: str) -> str:
        return str(self.aws.secretsmanager.get_secret_value(SecretId=secret_id)["SecretString"])

    def _with_local_url(self, spec: FunctionSpec) -> FunctionSpec:
        """Give the function this API's address where the template names the one on AWS."""
        there = f"https://{API_ID}.execute-api.{self.aws.region}.amazonaws.com"
        variables = {
            name: value.replace(f"{there}/{self._api.stage}", self.url).replace(there, self.url)
            for name, value in spec.environment.items()
        }
        return replace(spec, environment=variables)


def _port(wanted: int | None, flag: str) -> int:
    if wanted is None:
        return free_port()
    if not port_is_free(wanted):
        raise StartError(f"port {wanted} is in use; choose another with {flag}")
    return wanted


def _listen(wanted: int | None) -> socket.socket:
    """Listen on the wanted port, or on 8000 or the next one that is free."""
    ports = range(DEFAULT_PORT, DEFAULT_PORT + _PORTS_TRIED) if wanted is None else [wanted]
    for port in ports:
        try:
            return socket.create_server((LOOPBACK, port), backlog=128)
        except OSError as error:
            refused = error
    if refused.errno != errno.EADDRINUSE:
        raise StartError(f"port {ports[-1]} cannot be used: {refused.strerror}")
    if wanted is None:
        raise StartError(f"ports {ports[0]} to {ports[-1]} are in use; choose one with --port")
    raise StartError(f"port {wanted} is in use; choose another with --port")
