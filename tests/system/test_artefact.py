"""What ``sam build`` makes, under the real Lambda runtime and its emulator, against moto.

The emulator comes with aws-sam-cli and exists for Linux only. Nothing of this machine's
site-packages is on the functions' path but what the real runtime brings as well: boto3 and the
runtime client. One emulator is one execution environment, so each is asked one thing at a time.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from importlib.metadata import files, requires
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import boto3
import pytest
import yaml

from smile_contract import format_time, uuid7

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.system, pytest.mark.artefact]
PROCESSOR = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}.get(
    platform.machine().lower()
)
if sys.platform != "linux" or PROCESSOR is None:
    pytest.skip("the Lambda runtime emulator runs on Linux, x86_64 or arm64", True)

AWS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
}


class _Loader(yaml.SafeLoader):
    """Reads short intrinsics as ``{"Ref": ...}`` and the like."""


_Loader.add_multi_constructor(
    "!", lambda loader, suffix, node: {suffix: getattr(node, "value", None)}
)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        with socket.socket() as attempt:
            if attempt.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert process.poll() is None, "the process ended at its start"
        time.sleep(0.1)
    raise AssertionError("nothing listens")


@contextmanager
def running(command: list[str], port: int, **options: Any) -> Iterator[None]:
    process = subprocess.Popen(command, start_new_session=True, **options)
    try:
        wait_for(port, process)
        yield
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.wait(5)


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a fresh ``sam build`` for the processor and the Python at hand."""
    sam = ROOT / ".venv-sam" / "bin" / "sam"
    assert sam.exists(), "needs aws-sam-cli: make .venv-sam/.done"
    folder = tmp_path_factory.mktemp("sam") / "build"
    done = subprocess.run(
        [
            *(sam, "build", "--no-cached", "--build-dir", folder),
            "--parameter-overrides",
            *(f"Architecture={PROCESSOR}", f"EdgeArchitecture={PROCESSOR}"),
        ],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        | {"SAM_CLI_TELEMETRY": "0", "LAMBDA_PYTHON": sys.executable}
        | {"LAMBDA_VERSION": f"3.{sys.version_info.minor}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def template(build: Path) -> dict[str, Any]:
    built: dict[str, Any] = yaml.load((build / "template.yaml").read_text("utf-8"), _Loader)
    return built


@pytest.fixture(scope="module")
def runtime_packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the Python runtime of Lambda brings: boto3, the runtime client and their needs."""
    folder = tmp_path_factory.mktemp("runtime")
    wanted, seen = ["boto3", "awslambdaric"], set()
    while wanted:
        name = wanted.pop()
        if name in seen:
            continue
        seen.add(name)
        needs = [need for need in requires(name) or [] if "extra ==" not in need]
        wanted += [need.split(";")[0].split("[")[0].strip(" ()") for need in map(_bare, needs)]
        for top in {file.parts[0] for file in files(name) or [] if file.parts[0] != ".."}:
            source = next(f for f in files(name) or [] if f.parts[0] == top)
            root = Path(str(source.locate())).parents[len(source.parts) - 1]
            if top != "__pycache__" and not (folder / top).exists():
                (folder / top).symlink_to(root / top)
    return folder


def _bare(requirement: str) -> str:
    return requirement.replace("(", " ").split("<")[0].split(">")[0].split("=")[0].split("!")[0]


@pytest.fixture(scope="module")
def cloud(template: dict[str, Any]) -> Iterator[dict[str, str]]:
    """A moto server with the template's table, queue and topic; what their names resolve to."""
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with running(command, port, **quiet):
        endpoint = f"http://127.0.0.1:{port}"

        def client(service: Any) -> Any:
            return boto3.client(
                service,
                endpoint_url=endpoint,
                region_name=AWS["AWS_DEFAULT_REGION"],
                aws_access_key_id="testing",
                aws_secret_access_key="testing",
            )

        properties = template["Resources"]["EventsTable"]["Properties"]
        wanted = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")
        client("dynamodb").create_table(
            TableName="events", **{key: properties[key] for key in wanted}
        )
        heard = client("sqs").create_queue(QueueName="heard")["QueueUrl"]
        topic = client("sns").create_topic(Name="alerts")["TopicArn"]
        client("sns").subscribe(
            TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:us-east-1:123456789012:heard"
        )
        yield {
            "endpoint": endpoint,
            "heard": heard,
            "EventsTable": "events",
            "DeadLetterQueue": client("sqs").create_queue(QueueName="dead")["QueueUrl"],
            "AlertTopic": topic,
            "API_URL": "https://api.example/dev",
            "CURSOR_KEY": "k" * 64,
        }


class Emulator:
    """Runs built functions, one execution environment each."""

    def __init__(
        self,
        build: Path,
        template: dict[str, Any],
        runtime_packages: Path,
        cloud: dict[str, str],
    ) -> None:
        self._build, self._template, self._cloud = build, template, cloud
        self._runtime_packages = runtime_packages
        [emulator] = (ROOT / ".venv-sam").glob(
            f"lib/python3*/site-packages/samcli/local/rapid/aws-lambda-rie-{PROCESSOR}"
        )
        self._program = build.parent / "aws-lambda-rie"
        shutil.copy(emulator, self._program)
        self._program.chmod(0o755)

    def _properties(self, function: str) -> dict[str, Any]:
        own = self._template["Resources"][function]["Properties"]
        return self._template["Globals"]["Function"] | dict(own)

    def _variables(self, properties: dict[str, Any]) -> dict[str, str]:
        resolved = {}
        for name, value in properties.get("Environment", {}).get("Variables", {}).items():
            target = value.get("Ref") if isinstance(value, dict) else None
            if target == "AWS::NoValue":
                continue
            if target in self._template["Parameters"]:
                resolved[name] = self._template["Parameters"][target]["Default"]
            else:
                resolved[name] = self._cloud[target or name] if isinstance(value, dict) else value
        return resolved

    def _environment(self, function: str) -> dict[str, str]:
        properties = self._properties(function)
        layers = [
            self._build / self._template["Resources"][layer["Ref"]]["Properties"]["ContentUri"]
            for layer in properties.get("Layers", [])
        ]
        code = self._build / properties["CodeUri"]
        path = [code, *(layer / "python" for layer in layers), self._runtime_packages]
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join(map(str, path)),
            "LAMBDA_TASK_ROOT": str(code),
            "AWS_LAMBDA_FUNCTION_NAME": function,
            "AWS_LAMBDA_FUNCTION_TIMEOUT": str(properties["Timeout"]),
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(properties["MemorySize"]),
            "AWS_LAMBDA_FUNCTION_VERSION": "1",
            "AWS_ENDPOINT_URL": self._cloud["endpoint"],
            **AWS,
            **self._variables(properties),
        }

    @contextmanager
    def function(self, name: str) -> Iterator[Any]:
        """Start a function; yield what invokes it."""
        port = free_port()
        environment = self._environment(name)
        handler = self._properties(name)["Handler"]
        command = [str(self._program), "--runtime-interface-emulator-address"]
        command += [f"127.0.0.1:{port}", "--runtime-api-address", f"127.0.0.1:{free_port()}"]
        # -S: without this machine's site-packages
        command += [sys.executable, "-S", "-m", "awslambdaric", handler]

        def invoke(event: Any) -> Any:
            url = f"http://127.0.0.1:{port}/2015-03-31/functions/function/invocations"
            with urlopen(Request(url, json.dumps(event).encode()), timeout=30) as answer:
                return json.load(answer)

        log = (self._build.parent / f"{name}.log").open("ab")
        folder = environment["LAMBDA_TASK_ROOT"]
        with log, running(command, port, env=environment, cwd=folder, stdout=log, stderr=log):
            yield invoke


@pytest.fixture(scope="module")
def emulator(
    build: Path, template: dict[str, Any], runtime_packages: Path, cloud: dict[str, str]
) -> Emulator:
    return Emulator(build, template, runtime_packages, cloud)


def samples(function: str) -> list[tuple[str, Any]]:
    paths = sorted((ROOT / "events" / function).glob("*.json"))
    return [(path.stem, json.loads(path.read_text("utf-8"))) for path in paths]


def of_now(rule_event: dict[str, Any]) -> dict[str, Any]:
    """Move a sample's smiles to this minute, for old ones alert nobody."""
    now = datetime.now(UTC)
    moved = dict(rule_event)
    if "events" in moved:
        moved["events"] = [of_now(event) for event in moved["events"]]
    if "event_id" in moved:
        at = now - timedelta(seconds=5)
        moved |= {"event_id": uuid7(at), "started_at": format_time(at)}
        if "ended_at" in moved:
            at += timedelta(milliseconds=moved["duration_ms"])
            moved["ended_at"] = format_time(at)
    if "received_at_ms" in moved:
        moved["received_at_ms"] = round(now.timestamp() * 1000)
    return moved


def test_the_layers_serve_every_processor_when_built_on_any(build: Path) -> None:
    native = {
        path.relative_to(build).parts[0]
        for path in build.rglob("*")
        if path.suffix in {".so", ".pyd", ".dylib"}
    }
    assert native == {"EdgeFunction"}, "which is for one processor"
    layer = build / "SmileCloudLayer" / "python"
    assert (layer / "aws_lambda_powertools").is_dir()
    assert not (layer / "botocore").exists()
    for name in ("SmileContractLayer", "SmileCloudLayer"):
        files = [path for path in (build / name).rglob("*") if path.is_file()]
        assert sum(path.stat().st_size for path in files) < 60_000_000, name


def test_the_built_functions_work_together_when_the_samples_arrive(
    emulator: Emulator, cloud: dict[str, str]
) -> None:
    with emulator.function("StoreEventFunction") as invoke:
        for name, event in samples("store_event"):
            # the samples' own time, received now: kept from now on
            counts = invoke(event | {"received_at_ms": of_now(event)["received_at_ms"]})
            assert counts.get("rejected") == ("bad" in name), (name, counts)
    answers = {}
    with emulator.function("HistoryApiFunction") as invoke:
        for name, event in samples("history_api"):
            answers[name] = invoke(event)
    statuses = {name: answer["statusCode"] for name, answer in answers.items()}
    assert statuses == {
        "get": 200,
        "get_bad_event_id": 400,
        "get_unknown": 404,
        "list": 200,
        "list_bad_cursor": 400,
        "list_bad_parameters": 400,
        "list_device_range": 200,
        "openapi": 200,
    }
    page = json.loads(answers["list"]["body"])
    assert [event["phase"] for event in page["events"]] == ["ended", "started", "ended"]


def test_one_alert_is_heard_when_the_built_function_gets_all_its_samples(
    emulator: Emulator, cloud: dict[str, str]
) -> None:
    sent = 0
    with emulator.function("SendAlertFunction") as invoke:
        for name, event in samples("send_alert"):
            counts = invoke(of_now(event))
            assert "errorMessage" not in counts, (name, counts)
            sent += counts["send"]
    assert sent == 1, "the others fall in the quiet time"
    sqs = boto3.client(
        "sqs",
        endpoint_url=cloud["endpoint"],
        region_name="us-east-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )
    heard = sqs.receive_message(QueueUrl=cloud["heard"], MaxNumberOfMessages=10)["Messages"]
    [alert] = [json.loads(message["Body"]) for message in heard]
    assert alert["Subject"].startswith("Smile on cam-1 at ")


def test_the_reason_is_answered_when_a_variable_is_wrong(
    emulator: Emulator, cloud: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(cloud, "DeadLetterQueue", "no-url")
    with emulator.function("StoreEventFunction") as invoke:
        answer = invoke(samples("store_event")[0][1])
    assert answer["errorType"] == "SettingsError"
    assert "DEAD_LETTER_QUEUE_URL" in answer["errorMessage"]


def test_layers_hold_nothing_of_the_python_that_installed_them(
    build: Path, template: dict[str, Any]
) -> None:
    resources = template["Resources"].items()
    layers = [name for name, one in resources if one["Type"] == "AWS::Serverless::LayerVersion"]
    files = [path for name in layers for path in (build / name).rglob("*") if path.is_file()]
    assert any(path.parts[-2].endswith(".dist-info") for path in files)
    assert not [path for path in files if path.name == "RECORD" or "bin" in path.parts[-2:]]
    compiled = [path.read_bytes() for path in files if path.suffix == ".pyc"]  # where 3.13 is
    assert all(b"/opt/python/" in content for content in compiled)


def test_nested_template_is_built_without_aliases_which_cloudformation_refuses(
    build: Path, template: dict[str, Any]
) -> None:
    resource = template["Resources"]["EdgeOnGreengrass"]
    text = (build / resource["Properties"]["TemplateURL"]).read_text("utf-8")
    assert "AWS::GreengrassV2::Deployment" in text
    tokens = (yaml.AliasToken, yaml.AnchorToken)
    assert not [token for token in yaml.scan(text) if isinstance(token, tokens)]


def test_the_devices_package_fits_and_works_when_it_is_a_function(
    build: Path, emulator: Emulator
) -> None:
    files = [path for path in (build / "EdgeFunction").rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files)
    assert size < 0.9 * 262_144_000, "Lambda takes so many bytes, unzipped, without layers"
    assert not [path for path in files if path.name == "RECORD"], "tells where it was built"
    with emulator.function("EdgeFunction") as invoke:
        answers = {name: invoke(event) for name, event in samples("edge_lambda")}
    check = answers.pop("check")
    assert check["machine"] == platform.machine()
    assert 0 <= check["neutral_score"] < check["smile_score"] <= 1
    errors = {
        name: (answer["errorType"], answer["errorMessage"]) for name, answer in answers.items()
    }
    assert errors == {
        "bad_machine": (
            "SelfCheckError",
            f"machine: expected armv6l, this is {platform.machine()}",
        ),
        "bad_unknown_key": ("SelfCheckError", 'event: expected {}, or {"machine": "aarch64"}'),
    }
