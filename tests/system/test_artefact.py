"""What ``sam build`` makes, under the Lambda runtime's emulator, against moto."""

from __future__ import annotations

import base64
import json
import platform
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from PIL import Image

from local.processes.child import Processes
from local.rehearse.build import PROCESSOR, SAM, sam_build
from smile_vision.cli import main
from tests.helpers.lambda_emulator import LambdaEmulator
from tests.helpers.local_cloud import LocalCloud
from tests.helpers.rule_events import moved_to_now, received_now, sample, samples
from tests.helpers.synthetic_photos import difficult_photo, synthetic_photo
from tests.helpers.template import load_template, properties

pytestmark = [
    pytest.mark.system,
    pytest.mark.artefact,
    pytest.mark.xdist_group("artefact"),  # sam builds once, not once per worker
]
if PROCESSOR is None:
    pytest.skip("the Lambda runtime emulator runs on Linux, x86_64 or arm64", True)

LARGEST_PACKAGE_BYTES = 262_144_000  # Lambda's quota: function and layers, unzipped


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a fresh ``sam build`` for this machine's processor and Python."""
    assert SAM.exists(), "needs aws-sam-cli: make .venv-sam/.done"
    folder = tmp_path_factory.mktemp("sam") / "build"
    sam_build(folder)
    return folder


@pytest.fixture(scope="module")
def cloud(build: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """The resources and functions of the built template."""
    processes = Processes(tmp_path_factory.mktemp("logs"))
    try:
        yield LocalCloud(build / "template.yaml", processes)
    finally:
        processes.stop()


@pytest.fixture(scope="module")
def emulator(cloud: LocalCloud, tmp_path_factory: pytest.TempPathFactory) -> LambdaEmulator:
    return LambdaEmulator(tmp_path_factory.mktemp("emulator"), cloud.aws)


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in files_in(folder))


# --- the files ---------------------------------------------------------------------------------


def test_the_layers_run_on_every_processor(build: Path) -> None:
    native = {
        path.relative_to(build).parts[0]
        for path in build.rglob("*")
        if path.suffix in {".so", ".pyd", ".dylib"}
    }
    assert native == {"EdgeFunction", "SmileVisionLayer", "JwtLayer"}, (
        "these are built for one processor"
    )
    packages = build / "SmileCloudLayer" / "python"
    assert (packages / "aws_lambda_powertools").is_dir()
    assert not (packages / "botocore").exists(), "the Lambda runtime has it"
    for name in ("SmileContractLayer", "SmileCloudLayer"):
        assert size_of(build / name) < 60_000_000, name


def test_the_layers_do_not_depend_on_the_python_that_built_them(build: Path) -> None:
    resources = load_template()["Resources"].items()
    layers = [name for name, one in resources if one["Type"] == "AWS::Serverless::LayerVersion"]
    files = [path for name in layers for path in files_in(build / name)]
    assert any(path.parts[-2].endswith(".dist-info") for path in files)
    assert not [path for path in files if path.name == "RECORD" or "bin" in path.parts[-2:]]
    compiled = [path.read_bytes() for path in files if path.suffix == ".pyc"]
    assert compiled
    assert all(b"/opt/python/" in content for content in compiled)


def test_the_functions_bring_their_bytecode(build: Path) -> None:
    for name in (
        "StoreEventFunction",
        "SendAlertFunction",
        "HistoryApiFunction",
        "PhotoApiFunction",
    ):
        [compiled] = [path for path in files_in(build / name) if path.suffix == ".pyc"]
        assert b"/var/task/app.py" in compiled.read_bytes()


def test_the_nested_template_has_no_yaml_aliases_because_cloudformation_refuses_them(
    build: Path,
) -> None:
    built = load_template(build / "template.yaml")
    text = (build / properties(built, "EdgeOnGreengrass")["TemplateURL"]).read_text("utf-8")
    assert "AWS::GreengrassV2::Deployment" in text
    tokens = (yaml.AliasToken, yaml.AnchorToken)
    assert not [token for token in yaml.scan(text) if isinstance(token, tokens)]


def test_the_devices_package_fits_into_a_function(build: Path) -> None:
    assert size_of(build / "EdgeFunction") < 0.9 * LARGEST_PACKAGE_BYTES
    assert not [path for path in files_in(build / "EdgeFunction") if path.name == "RECORD"]


# --- the functions -----------------------------------------------------------------------------


def test_stored_events_are_listed_when_the_built_functions_run(
    emulator: LambdaEmulator, cloud: LocalCloud
) -> None:
    spec = cloud.functions["StoreEventFunction"]
    # The samples never become too old.
    kept = replace(spec, environment={**spec.environment, "EVENT_RETENTION_DAYS": "9999"})
    with emulator.function(kept) as invoke:
        for name, event in samples("store_event").items():
            # This one's clock is wrong because of the arrival that the sample states.
            arrived = event if name == "bad_clock" else received_now(event)
            assert invoke(arrived) == {"batchItemFailures": []}, name
    with emulator.function(cloud.functions["HistoryApiFunction"]) as invoke:
        answers = {name: invoke(event) for name, event in samples("history_api").items()}
    assert {name: answer["statusCode"] for name, answer in answers.items()} == {
        "get": 200,
        "get_bad_event_id": 400,
        "get_device": 404,  # it has sent no heartbeat
        "get_device_bad_id": 400,
        "get_device_unknown": 404,
        "get_unknown": 404,
        "list": 200,
        "list_bad_cursor": 400,
        "list_bad_parameters": 400,
        "list_device_range": 200,
        "list_devices": 200,
        "list_devices_bad_state": 400,
        "list_devices_offline": 200,
        "openapi": 200,
        "stats": 200,
        "stats_bad_parameters": 400,
        "stats_device_hours": 200,
        "thresholds": 200,
        "thresholds_bad_parameters": 400,
    }
    page = json.loads(answers["list"]["body"])
    assert [event["phase"] for event in page["events"]] == ["ended", "started", "ended"]


def test_the_built_function_scores_photos_as_the_command_does(
    emulator: LambdaEmulator, cloud: LocalCloud, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Digit for digit: the same models, code and packages, in a layer."""
    photos = {
        "one": synthetic_photo([(150, 90, 300, True)]),
        "several": synthetic_photo([(20, 30, 200, True), (300, 200, 180, False)]),
        "small": synthetic_photo([(100, 100, 60, True), (900, 400, 45, False)], (1280, 720)),
        "nobody": synthetic_photo([]),
        "cut off": synthetic_photo([(-60, 100, 200, True)]),
        "pale": Image.fromarray(difficult_photo(140, paleness=0.6, degrees=20, size=(400, 300))),
    }
    for name, photo in photos.items():
        photo.save(tmp_path / f"{name}.jpg", quality=90)
    main(["--json", *(str(tmp_path / f"{name}.jpg") for name in photos)])
    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    with emulator.function(cloud.functions["PhotoApiFunction"]) as invoke:
        answers = {name: invoke(event) for name, event in samples("photo_api").items()}
        found = []
        for name in photos:
            content = base64.b64encode((tmp_path / f"{name}.jpg").read_bytes()).decode()
            answer = invoke(sample("photo_api/two_faces") | {"body": content})
            found.append(json.loads(answer["body"]))
    assert {document["model"]["sha256"] for document in found}
    for document in found:
        del document["model"]
    assert found == [{k: v for k, v in one.items() if k != "path"} for one in printed]
    assert sum(len(one["faces"]) for one in found) > 5
    assert {name: answer["statusCode"] for name, answer in answers.items()} == {
        "bad_damaged": 400,
        "bad_parameters": 400,
        "bad_type": 415,
        "no_face": 200,
        "two_faces": 200,
    }


def test_the_function_for_photos_fits_into_lambda(build: Path) -> None:
    parts = ("PhotoApiFunction", "SmileContractLayer", "SmileCloudLayer", "SmileVisionLayer")
    assert sum(size_of(build / part) for part in parts) < 0.9 * LARGEST_PACKAGE_BYTES


def test_one_alert_is_delivered_when_the_built_function_gets_its_samples(
    emulator: LambdaEmulator, cloud: LocalCloud
) -> None:
    aws = cloud.aws
    inbox = aws.sqs.create_queue(QueueName="inbox")["QueueUrl"]
    aws.sns.subscribe(
        TopicArn=cloud.ref("AlertTopic"),
        Protocol="sqs",
        Endpoint=f"arn:aws:sqs:{aws.region}:123456789012:inbox",
    )
    with emulator.function(cloud.functions["SendAlertFunction"]) as invoke:
        for name, event in samples("send_alert").items():
            assert invoke(moved_to_now(event)) == {"batchItemFailures": []}, name
    delivered = aws.sqs.receive_message(QueueUrl=inbox, MaxNumberOfMessages=10)["Messages"]
    [alert] = [json.loads(message["Body"]) for message in delivered]
    assert alert["Subject"].startswith("Smile on cam-1 at ")


def test_the_error_names_the_variable_when_one_is_wrong(
    emulator: LambdaEmulator, cloud: LocalCloud
) -> None:
    spec = cloud.functions["StoreEventFunction"]
    wrong = replace(spec, environment={**spec.environment, "DEAD_LETTER_QUEUE_URL": "no-url"})
    with emulator.function(wrong) as invoke:
        answer = invoke(samples("store_event")["started"])
    assert answer["errorType"] == "SettingsError"
    assert "DEAD_LETTER_QUEUE_URL" in answer["errorMessage"]


def test_the_devices_package_checks_itself_when_it_is_invoked(
    emulator: LambdaEmulator, cloud: LocalCloud
) -> None:
    with emulator.function(cloud.functions["EdgeFunction"]) as invoke:
        answers: dict[str, Any] = {
            name: invoke(event) for name, event in samples("edge_lambda").items()
        }
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
