"""The steps of a rehearsal, with the commands that an operator types."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from local.cloudformation.template import load_template
from local.errors import StartError
from local.rehearse.build import PROCESSOR, ROOT, SAM
from local.rehearse.ministack import MQTT_URL, REGION, client, client_environment, fetch
from local.rehearse.template import rehearsed
from smile_contract import parse_time, uuid7

T = TypeVar("T")

DEVICE: Final = "cam-1"
_STACK: Final = "smile-dev"
_CLIP: Final = ROOT / "local" / "clip" / "smiles.mp4"
_WAIT_S: Final = 60.0
_POLL_S: Final = 0.5
# Of `make deploy STAGE=dev EMAIL=none`; MiniStack has no composite alarms to roll back on.
_PARAMETERS: Final = {
    "Stage": "dev",
    "Architecture": str(PROCESSOR),
    "EdgeArchitecture": str(PROCESSOR),
    "AlertEmail": "none",
    "RollbackAlarms": "off",
}


class Rehearsal:
    """One deployment in MiniStack.

    Parameters
    ----------
    build : Path
        What ``sam build`` made.
    work : Path
        For the device's folder and the template.
    """

    def __init__(self, build: Path, work: Path) -> None:
        self._build = build
        self._work = work
        self._environment = client_environment()

    def deploy(self, changes: Mapping[str, str] | None = None) -> list[str]:
        """Run ``sam deploy``; return the resources that the deployment lacks."""
        values = {**_PARAMETERS, **(changes or {})}
        template = rehearsed(load_template(self._build / "template.yaml"), values)
        path = self._build / "rehearsed.json"
        path.write_text(json.dumps(template.document), encoding="utf-8")
        self._run(
            *(str(SAM), "deploy", "--template-file", str(path), "--stack-name", _STACK),
            *("--region", REGION, "--capabilities", "CAPABILITY_IAM", "--resolve-s3"),
            *("--no-confirm-changeset", "--no-fail-on-empty-changeset", "--parameter-overrides"),
            *(f"{name}={value}" for name, value in values.items()),
        )
        return template.left_out

    def count_resources(self) -> int:
        """Return how many resources the stack has."""
        pages = client("cloudformation").get_paginator("list_stack_resources")
        return sum(len(page["StackResourceSummaries"]) for page in pages.paginate(StackName=_STACK))

    def register_device(self) -> Path:
        """Run ``make device``; return the device's settings file."""
        root_cas = self._work / "root-cas.pem"
        root_cas.write_bytes(fetch("/_ministack/iot/ca.pem"))
        folder = self._work / "devices"
        self._run(
            *(sys.executable, "-m", "ops.device", "add", "--stage", "dev", "--name", DEVICE),
            *("--folder", str(folder), "--ca", str(root_cas)),
        )
        settings = folder / "dev" / DEVICE / "device.toml"
        # The name of MiniStack's MQTT endpoint has no address.
        text = re.sub(r'(?m)^url = ".*"', f'url = "{MQTT_URL}"', settings.read_text("utf-8"))
        settings.write_text(text, encoding="utf-8")
        return settings

    def run_camera(self, settings: Path) -> int:
        """Play the bundled clip as the device; return how many events it published."""
        log = self._run(
            *(sys.executable, "-m", "edge_lambda", "--config", str(settings)),
            # Its own: the default one may hold events of a real camera of this name.
            *("--outbox", str(settings.with_name("outbox.sqlite"))),
            *("--source", str(_CLIP), "--no-realtime"),
        )
        last: dict[str, Any] = json.loads(log.splitlines()[-1])
        if last["undelivered"] or last["lost"] or last["dropped"]:
            raise StartError(f"the camera did not publish everything: {last}")
        return int(last["events"])

    def wait_for_events(self, count: int) -> int:
        """Wait until the REST API lists at least `count` smiles; return how many it lists."""
        return len(_wait(lambda: self._events(count), f"{count} smiles in the API"))

    def send_dead_letters(self) -> str:
        """Send a message that breaks the contract; return why it became a dead letter.

        Next to it comes a valid message of another smile, as somebody moves one by hand.
        """
        sqs, dead_letters = client("sqs"), self._outputs["DeadLetterQueueUrl"]
        broken = json.dumps({"topic_device_id": DEVICE})
        sqs.send_message(QueueUrl=self._outputs["EventsQueueUrl"], MessageBody=broken)

        def reason() -> str | None:
            answer = sqs.receive_message(
                QueueUrl=dead_letters, MessageAttributeNames=["All"], VisibilityTimeout=0
            )
            found = answer.get("Messages", [])
            return found[0]["MessageAttributes"]["reason"]["StringValue"] if found else None

        why = _wait(reason, "a dead letter")
        sqs.send_message(QueueUrl=dead_letters, MessageBody=self._another_smile())
        return why

    def redrive(self) -> str:
        """Run ``make redrive``; return its last line. It fails when messages stay behind."""
        command = (sys.executable, "-m", "ops.redrive", "--stage", "dev")
        return self._run(*command, expect=(0, 1)).splitlines()[-1]

    def live_value(self, function: str, variable: str) -> str:
        """Return a variable of the version that the alias ``live`` of a function points to."""
        found = client("cloudformation").describe_stack_resource(
            StackName=_STACK, LogicalResourceId=function
        )
        name = found["StackResourceDetail"]["PhysicalResourceId"]
        live = client("lambda").get_function_configuration(FunctionName=name, Qualifier="live")
        return str(live["Environment"]["Variables"][variable])

    def _events(self, count: int) -> list[dict[str, Any]] | None:
        url = urlsplit(self._outputs["ApiUrl"])
        api_id = str(url.hostname).partition(".")[0]
        path = f"/restapis/{api_id}{url.path}/_user_request_/v1/events?limit=100"
        answer = json.loads(fetch(path, **{"x-api-key": self._api_key}))
        events: list[dict[str, Any]] = answer["events"]
        return events if len(events) >= count else None

    def _another_smile(self) -> str:
        """Return the queue message of a smile like the newest one, under an id of its own."""
        newest = (self._events(1) or [])[0]
        changes = {"event_id": uuid7(parse_time(newest["started_at"]))}
        event = {name: value for name, value in newest.items() if name != "received_at"} | changes
        payload = base64.b64encode(json.dumps(event).encode()).decode()
        now_ms = int(time.time() * 1000)
        fields = {"payload_base64": payload, "topic_device_id": DEVICE, "received_at_ms": now_ms}
        return json.dumps(fields)

    @cached_property
    def _api_key(self) -> str:
        key_id = self._outputs["ApiKeyId"]
        answer = client("apigateway").get_api_key(apiKey=key_id, includeValue=True)
        return str(answer["value"])

    @cached_property
    def _outputs(self) -> dict[str, str]:
        stacks = client("cloudformation").describe_stacks(StackName=_STACK)["Stacks"]
        return {one["OutputKey"]: one["OutputValue"] for one in stacks[0]["Outputs"]}

    def _run(self, *command: str, expect: Sequence[int] = (0,)) -> str:
        """Run a command and return its output.

        Raises
        ------
        StartError
            With the output, when the command fails.
        """
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode not in expect:
            raise StartError(f"{' '.join(command[:4])} failed: {done.stdout}")
        return done.stdout


def _wait(probe: Callable[[], T | None], what: str) -> T:
    deadline = time.monotonic() + _WAIT_S
    while (found := probe()) is None:
        if time.monotonic() > deadline:
            raise StartError(f"waited {_WAIT_S:.0f} s for {what}")
        time.sleep(_POLL_S)
    return found
