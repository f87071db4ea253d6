"""The AWS side of one run: started in order, stopped at once."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

from local.api.http_front import HttpFront
from local.api.live_picture import LivePicture
from local.aws.alert_inbox import Alert, AlertInbox
from local.aws.endpoints import LocalAws
from local.aws.provision import QUEUE, SECRET, TABLE, TOPIC, Provisioner
from local.aws.store import start_aws_server
from local.cloudformation.api_spec import API, api_spec
from local.cloudformation.email_filters import SUBSCRIPTION, email_filters
from local.cloudformation.event_source_spec import event_source_specs
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
from local.cloudformation.rule_spec import ROLE, RULE, rule_specs
from local.cloudformation.schedule_spec import schedule_specs
from local.cloudformation.template import load_template
from local.errors import StartError
from local.functions.event_source import Outcome
from local.iot.broker import choose_broker, start_broker
from local.iot.rule_engine import RuleListener
from local.iot.shadow_http import ShadowHttp
from local.iot.shadow_service import ShadowService
from local.iot.unmatched import UnmatchedTopics
from local.network.http_server import HttpServer
from local.network.ports import LOOPBACK, checked_port, free_port, listen, port_of
from local.processes.child import Child, Processes, wait_for_port
from local.run.functions import Functions
from local.run.options import DEFAULT_PORT, Options
from local.run.queues import Queues

_PORTS_TRIED = 50
# OpenSSL's variables: an issuer on this machine may have a certificate of your own root CA.
_CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
_RUN_HERE = {API, FUNCTION, LAYER, QUEUE, ROLE, RULE, SECRET, SUBSCRIPTION, TABLE, TOPIC}
# Types that guard, watch or limit on AWS, and change nothing here.
_NO_EFFECT = (
    "AWS::ApiGateway::",
    "AWS::ApplicationAutoScaling::",
    "AWS::CloudWatch::",
    "AWS::IAM::",
    "AWS::IoT::Policy",
    "AWS::Lambda::Permission",
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
        Gets the result of each invocation for a queue.
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
        The user's environment: source of the region, the table's server and the certificates that
        the functions trust, nothing else.
    keep_in : Path, optional
        Where to keep tables and secrets for the next run.

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
        keep_in: Path | None = None,
    ) -> None:
        self._options = options
        self._keep_in = keep_in
        self._folder = folder
        self._events = events
        self._trusted = {name: environment[name] for name in _CERTIFICATES if environment.get(name)}
        self.broker_kind = choose_broker(options.broker)
        self.mqtt_port = _port(options.mqtt_port, "--mqtt-port")
        ports = [options.port] if options.port else range(DEFAULT_PORT, DEFAULT_PORT + _PORTS_TRIED)
        self._listening = listen(ports, "--port")  # from now on, so that nobody else takes it
        self.api_port = port_of(self._listening)
        self._aws_port = _port(options.aws_port, "--aws-port")
        self._shadows_listening = listen([0], "")
        self.aws = replace(
            LocalAws.from_environment(f"http://{LOOPBACK}:{self._aws_port}", environment),
            iot_data_url=f"http://{LOOPBACK}:{port_of(self._shadows_listening)}",
        )
        self._template = load_template(options.template)
        names = PhysicalNames(self.aws.region, self.aws.endpoint_url)
        parameters = dict(options.parameters)
        self._resolver = Resolver(self._template, names, parameters, read_secret=self.aws.secret)
        unstarted = Resolver(self._template, names, parameters)  # reads no secrets
        self._api = api_spec(self._template, unstarted)
        self.api_keys = [
            prefix + (options.api_key or secrets.token_hex(16))
            for prefix in self._api.key_prefixes or ("",)
        ]
        rules = rule_specs(unstarted)
        function_specs(self._template, unstarted)  # refuses what is not supported
        sources = event_source_specs(self._template, unstarted, self.aws.endpoint_url)
        schedules = [
            replace(spec, every_s=options.schedule_s or spec.every_s)
            for spec in schedule_specs(self._template, unstarted)
        ]
        urls = {
            name: unstarted.resolve({"Ref": name}, name) for name in unstarted.logical_ids(QUEUE)
        }
        self.queues = Queues(self.aws, urls, {source.queue_url for source in sources})
        self.not_run = [
            f"{name} ({kind})"
            for name in unstarted.logical_ids()
            if (kind := self._template.type_of(name)) not in _RUN_HERE
            and not kind.startswith(_NO_EFFECT)
        ]
        self.processes = Processes(_log_folder(options.logs or folder))
        self._listeners = [RuleListener(rule, self.aws, events.on_problem) for rule in rules]
        self._unmatched = UnmatchedTopics(rules, events.on_problem)
        self._shadows = ShadowService(events.on_problem)
        self._inbox = AlertInbox(self.aws, events.on_alert)
        self.functions = Functions(sources, schedules, self.aws, self.processes)
        keys = [*self.api_keys, *self._api.fixed_keys]
        front = HttpFront(self._api, keys, self.functions.invoke, events.on_problem)
        self.live = LivePicture(front)
        self._servers: list[HttpServer] = []
        self._needed: list[Child] = []
        self.kept_tables: list[str] = []

    @property
    def url(self) -> str:
        """Base of the REST API."""
        return f"http://{LOOPBACK}:{self.api_port}"

    @property
    def uses_tokens(self) -> bool:
        """Whether clients of the API send tokens of an issuer, and no keys."""
        return self._api.authorizer_gives_key

    @property
    def api_key(self) -> str:
        """The key that may do most, the last one of the template."""
        return self.api_keys[-1]

    @property
    def dashboard_url(self) -> str | None:
        """The dashboard, with the key in the fragment, which browsers keep to themselves.

        With tokens it has no key. None when the template has no dashboard.
        """
        if all(route.resource != "/" for route in self._api.routes):
            return None
        if self.uses_tokens:
            return f"{self.url}/"
        return f"{self.url}/#key={quote(self.api_key, safe='')}"

    @property
    def has_shadows(self) -> bool:
        """Whether devices have shadows; amqtt accepts no messages on topics that start with $."""
        return self.broker_kind == "mosquitto"

    def start_messaging(self) -> None:
        """Start the servers and subscribe to the broker: from here on a device may send."""
        aws = start_aws_server(self.aws, self._aws_port, self.processes, keep_in=self._keep_in)
        broker = start_broker(self.broker_kind, self.mqtt_port, self.processes, self._folder)
        self._needed = [aws, broker]
        wait_for_port(broker, self.mqtt_port)
        if self.has_shadows:
            self._shadows.start(self.mqtt_port)
        for listener in self._listeners:
            listener.start(self.mqtt_port)
        self._unmatched.start(self.mqtt_port)

    def start_functions(self) -> None:
        """Create the resources, start functions and REST API, and wait until all are ready."""
        wait_for_port(self._needed[0], self._aws_port)
        self.kept_tables = Provisioner(self.aws, self._resolver).create_all()
        for listener in self._listeners:
            listener.deliver()
        self._inbox.subscribe(
            [self._resolver.arn(name) for name in self._resolver.logical_ids(TOPIC)],
            email_filters(self._template, self._resolver),
        )
        self.functions.start(self._cloud_functions())
        self._servers = [
            HttpServer(ShadowHttp(self._shadows), self._shadows_listening),
            HttpServer(self.live, self._listening, self._api.origins),
        ]
        self.functions.wait_initialized()
        self.functions.poll(self._options.retry_delay_s, self._events.on_outcome)
        self.functions.schedule(self._events.on_problem)

    def check(self) -> None:
        """Raise `StartError` when the broker or the AWS server has ended."""
        for child in self._needed:
            child.check()

    def stop(self) -> None:
        """Stop everything and end every process."""
        self.functions.stop_polling()
        self._inbox.stop()
        self._unmatched.stop()
        self._shadows.stop()
        for listener in self._listeners:
            listener.stop()
        self.processes.stop()
        for server in self._servers:
            server.close()
        for listening in (self._listening, self._shadows_listening):
            listening.close()
        self.functions.close()

    def _cloud_functions(self) -> list[FunctionSpec]:
        """Return the functions without the device's, which runs as `edge_lambda` itself.

        Where the template names the API's URL on AWS, they get the URL of this one.
        """
        on_devices = device_functions(self._template)
        return [
            with_api_url(
                replace(spec, environment={**spec.environment, **self._trusted}),
                self.aws.region,
                self._api.stage,
                self.url,
            )
            for spec in function_specs(self._template, self._resolver)
            if spec.logical_id not in on_devices
        ]


def _port(wanted: int | None, flag: str) -> int:
    return free_port() if wanted is None else checked_port(wanted, flag)


def _log_folder(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = (error.strerror or "cannot be created").lower()
        raise StartError(f"--logs {folder}: {reason}") from error
    return folder
