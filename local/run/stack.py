"""The AWS side of one run: started in order, stopped at once."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from local.api.http_front import HttpFront
from local.aws.alert_inbox import Alert, AlertInbox
from local.aws.endpoints import LocalAws
from local.aws.moto import start_aws_server
from local.aws.provision import QUEUE, SECRET, TABLE, TOPIC, Provisioner
from local.cloudformation.api_spec import API, api_spec
from local.cloudformation.function_spec import (
    FUNCTION,
    LAYER,
    FunctionSpec,
    device_functions,
    function_specs,
    with_api_url,
)
from local.cloudformation.physical import PhysicalNames
from local.cloudformation.resolver import Resolver
from local.cloudformation.rule_spec import PERMISSION, RULE, rule_specs
from local.cloudformation.template import load_template
from local.errors import StartError
from local.functions.async_invoker import AsyncInvoker, Outcome
from local.functions.function_runtime import FunctionRuntime
from local.functions.runtime_api import Answer
from local.iot.broker import choose_broker, start_broker
from local.iot.rule_engine import RuleListener
from local.network.http_server import HttpServer
from local.network.ports import LOOPBACK, checked_port, free_port, listen, port_of
from local.processes.child import Child, Processes, wait_for_port
from local.run.options import DEFAULT_PORT, Options

_PORTS_TRIED = 50
_RUN_HERE = {API, FUNCTION, LAYER, PERMISSION, QUEUE, RULE, SECRET, TABLE, TOPIC}
# Types that guard, watch or limit on AWS, and change nothing here.
_NO_EFFECT = (
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
    """What a stack calls, all in the background.

    Attributes
    ----------
    on_outcome : callable
        Gets the result of each attempt of an asynchronous invocation.
    on_alert : callable
        Gets each alert that SNS delivered.
    on_problem : callable
        Gets one line for each problem that does not end the run.
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
        What to call.
    environment : Mapping of str to str
        The user's environment: source of the region and the table's server, nothing else.

    Raises
    ------
    TemplateError
        When the template contains something that is not supported here; nothing has started yet.
    StartError
        When a port is in use or the table's server is AWS itself.
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
        ports = [options.port] if options.port else range(DEFAULT_PORT, DEFAULT_PORT + _PORTS_TRIED)
        self._listening = listen(ports, "--port")  # from now on, so that nobody else takes it
        self.api_port = port_of(self._listening)
        self.api_key = options.api_key or secrets.token_urlsafe(24)
        self._aws_port = _port(options.aws_port, "--aws-port")
        self.aws = LocalAws.from_environment(f"http://{LOOPBACK}:{self._aws_port}", environment)
        self._template = load_template(options.template)
        names = PhysicalNames(self.aws.region, self.aws.endpoint_url)
        parameters = dict(options.parameters)
        self._resolver = Resolver(self._template, names, parameters, read_secret=self.aws.secret)
        unstarted = Resolver(self._template, names, parameters)  # reads no secrets
        self._api = api_spec(self._template, unstarted)
        rules = rule_specs(unstarted)
        specs = self._cloud_functions(unstarted)
        self.queues = {
            name: unstarted.resolve({"Ref": name}, name) for name in unstarted.logical_ids(QUEUE)
        }
        self.not_run = [
            f"{name} ({kind})"
            for name in unstarted.logical_ids()
            if (kind := self._template.type_of(name)) not in _RUN_HERE
            and not kind.startswith(_NO_EFFECT)
        ]
        self.processes = Processes(_log_folder(options.logs or folder))
        self.invoker = AsyncInvoker(specs, self.aws, options.retry_delay_s, events.on_outcome)
        self._listeners = [
            RuleListener(rule, self.invoker, self.aws, events.on_problem) for rule in rules
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
        """Start the servers and subscribe to the broker: from here on a device may send."""
        aws = start_aws_server(self.aws, self._aws_port, self.processes)
        broker = start_broker(self.broker_kind, self.mqtt_port, self.processes, self._folder)
        self._needed = [aws, broker]
        wait_for_port(broker, self.mqtt_port)
        for listener in self._listeners:
            listener.start(self.mqtt_port)

    def start_functions(self) -> None:
        """Create the resources, start functions and REST API, and wait until all are ready."""
        wait_for_port(self._needed[0], self._aws_port)
        self.kept_tables = Provisioner(self.aws, self._resolver).create_all()
        self._inbox.subscribe(
            [self._resolver.arn(name) for name in self._resolver.logical_ids(TOPIC)]
        )
        for spec in self._cloud_functions(self._resolver):
            runtime = FunctionRuntime(spec, self.aws, self.processes)
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
        """Raise `StartError` when the broker or the AWS server has ended."""
        for child in self._needed:
            child.check()

    def stop(self) -> None:
        """Stop everything and end every process."""
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
        """Return the functions without the device's, which runs as `edge_lambda` itself.

        Where the template names the API's URL on AWS, they get the URL of this one.
        """
        on_devices = device_functions(self._template)
        return [
            with_api_url(spec, self.aws.region, self._api.stage, self.url)
            for spec in function_specs(self._template, resolver)
            if spec.logical_id not in on_devices
        ]

    def _invoke(self, function: str, event: bytes) -> Answer:
        return self._runtimes[function].invoke(event)


def _port(wanted: int | None, flag: str) -> int:
    return free_port() if wanted is None else checked_port(wanted, flag)


def _log_folder(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = (error.strerror or "cannot be created").lower()
        raise StartError(f"--logs {folder}: {reason}") from error
    return folder
