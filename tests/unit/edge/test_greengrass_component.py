"""The device on AWS IoT Greengrass: recipe, systemd service, Lambda function and self-check."""

from __future__ import annotations

import configparser
import importlib
import json
import logging
import math
import os
import platform
import shlex
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import yaml

from edge_lambda import lambda_function
from edge_lambda.cli import parse_arguments
from edge_lambda.errors import CameraError, ConfigError, SelfCheckError
from edge_lambda.faces.vision import SmileVision
from smile_contract import events_topic, status_topic
from smile_vision.smiles.classifier import SmileClassifier
from smile_vision.smiles.quality import Quality
from smile_vision.smiles.score import FaceScore
from tests.helpers.waiting import wait_until

FOLDER = Path(lambda_function.__file__).parent / "greengrass"
EVENTS = Path(__file__).parents[3] / "events" / "edge_lambda"
TOKEN = "correct-horse-battery"


@pytest.fixture(scope="module")
def recipe() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((FOLDER / "recipe.yaml").read_text(encoding="utf-8"))
    return loaded


def test_component_reaches_its_own_topics_only(recipe: dict[str, Any]) -> None:
    access = recipe["ComponentConfiguration"]["DefaultConfiguration"]["accessControl"]
    ((service, policies),) = access.items()
    assert service == "aws.greengrass.ipc.mqttproxy"
    assert set(policies) == {
        f"{recipe['ComponentName']}:mqttproxy:1",
        f"{recipe['ComponentName']}:mqttproxy:2",
    }
    publish, subscribe = policies.values()
    assert publish["operations"] == ["aws.greengrass#PublishToIoTCore"]
    shadow = "$aws/things/cam-1/shadow/name/settings"
    own = [events_topic("cam-1"), status_topic("cam-1"), f"{shadow}/get", f"{shadow}/update"]
    assert publish["resources"] == [topic.replace("cam-1", "{iot:thingName}") for topic in own]
    assert subscribe["operations"] == ["aws.greengrass#SubscribeToIoTCore"]
    assert subscribe["resources"] == [f"{shadow}/*".replace("cam-1", "{iot:thingName}")]


def test_recipe_starts_the_device_with_flags_that_exist(recipe: dict[str, Any]) -> None:
    assert [one["Platform"]["architecture"] for one in recipe["Manifests"]] == ["aarch64", "amd64"]
    for manifest in recipe["Manifests"]:
        script = manifest["Lifecycle"]["run"]["Script"].replace("$AWS_IOT_THING_NAME", "cam-1")
        words = shlex.split(script)
        config = parse_arguments(words[words.index("edge_lambda") + 1 :])
        assert (config.device_id, config.sinks) == ("cam-1", ("greengrass",))
        archive = manifest["Artifacts"][0]["Uri"].rpartition("/")[2]
        assert f"/{archive.removesuffix('.zip')} " in script


def test_service_starts_the_device_with_the_settings_of_make_device() -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(FOLDER.parent / "systemd" / "smile-edge.service", encoding="utf-8")
    command = shlex.split(unit["Service"]["ExecStart"])
    assert command[-3:] == ["edge_lambda", "--config", "/etc/smile-edge/device.toml"]
    assert unit["Service"]["ProtectSystem"] == "strict"
    assert (unit["Service"]["Type"], unit["Service"]["WatchdogSec"]) == ("notify", "120")
    assert unit["Unit"]["StartLimitIntervalSec"] == "0"  # systemd never gives up
    assert (unit["Service"]["Restart"], unit["Service"]["RestartSec"]) == ("always", "5")
    assert "AF_UNIX" in unit["Service"]["RestrictAddressFamilies"]  # to notify systemd


def test_function_takes_its_settings_from_the_environment() -> None:
    config = lambda_function.config_from(
        {
            "SMILE_SOURCE": "0",
            "AWS_IOT_THING_NAME": "cam-7",
            "SMILE_OUTBOX": "/var/o.sqlite",
            "SMILE_STREAM_TOKEN": TOKEN,
        }
    )
    assert (config.source, config.device_id, config.sinks) == ("0", "cam-7", ("greengrass",))
    assert config.outbox_path == Path("/var/o.sqlite")
    assert config.stream.token is not None
    assert config.stream.token.get_secret_value() == TOKEN


def test_function_reads_a_settings_file_and_the_environment_overrides_it(tmp_path: Path) -> None:
    path = tmp_path / "edge.toml"
    path.write_text('source = "0"\ndevice_id = "cam-1"\n[smile]\nmax_gap_ms = 300\n')
    environment = {"SMILE_CONFIG": str(path), "SMILE_SOURCE": ""}
    config = lambda_function.config_from(environment | {"AWS_IOT_THING_NAME": "cam-7"})
    assert (config.source, config.device_id, config.smile.max_gap_ms) == ("0", "cam-7", 300)


@pytest.mark.parametrize(
    ("environment", "problem"),
    [
        ({}, "source: expected, but missing"),
        ({"SMILE_SOURCE": "0"}, "device_id: expected in AWS_IOT_THING_NAME"),
    ],
)
def test_function_does_not_start_when_its_environment_is_incomplete(
    environment: dict[str, str], problem: str
) -> None:
    with pytest.raises(ConfigError, match=problem):
        lambda_function.config_from(environment)


def test_nothing_starts_when_the_module_is_imported_outside_greengrass(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("SVCUID", raising=False)
    before = threading.active_count()
    importlib.reload(lambda_function)
    assert threading.active_count() == before


@pytest.fixture
def on_core(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Pretend to be a Greengrass core; collect the exit codes of the process."""
    codes: list[int] = []
    monkeypatch.setenv("SVCUID", "token")
    monkeypatch.setenv("AWS_IOT_THING_NAME", "cam-7")
    monkeypatch.setattr(os, "_exit", codes.append)
    yield codes
    monkeypatch.undo()
    importlib.reload(lambda_function)
    logger = logging.getLogger("edge_lambda")
    logger.handlers, logger.propagate = [], True
    logger.setLevel(logging.NOTSET)


def test_camera_starts_when_greengrass_imports_the_module(
    on_core: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    sources: list[str] = []
    monkeypatch.setenv("SMILE_SOURCE", "0")
    monkeypatch.setattr("edge_lambda.app.run", lambda config, _: sources.append(config.source))
    importlib.reload(lambda_function)
    wait_until(lambda: on_core == [1])  # Greengrass restarts it
    assert sources == ["0"]


@pytest.mark.parametrize("source", [None, "0"])
def test_function_logs_why_it_ends_and_exits(
    on_core: list[int],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    source: str | None,
) -> None:
    def fail(*_: object) -> None:
        raise CameraError("source: no camera at /dev/video0")

    if source is not None:
        monkeypatch.setenv("SMILE_SOURCE", source)
    monkeypatch.setattr("edge_lambda.app.run", fail)
    importlib.reload(lambda_function)
    wait_until(lambda: on_core == [1])
    (record,) = map(json.loads, capsys.readouterr().err.splitlines())
    assert record["message"] == "cannot continue"
    problem = "expected, but missing: give" if source is None else "no camera at /dev/video0"
    assert record["error"].startswith(f"source: {problem}")


@pytest.fixture
def sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("awsiot", "awsiot.greengrasscoreipc", "awsiot.greengrasscoreipc.clientv2")
    for name in names:
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    sys.modules[names[-1]].GreengrassCoreIPCClientV2 = object  # type: ignore[attr-defined]


@pytest.mark.usefixtures("sdk")
@pytest.mark.parametrize("event", [None, {}, {"machine": platform.machine()}])
def test_self_check_returns_processor_model_and_scores(event: object) -> None:
    result = lambda_function.handler(event, None)
    assert (result["machine"], result["python"]) == (platform.machine(), platform.python_version())
    assert result["model"] == SmileClassifier.load().model_card.sha256
    smile, neutral = float(str(result["smile_score"])), float(str(result["neutral_score"]))
    assert smile > 0.5 and neutral < 0.1
    assert 0 < int(str(result["duration_ms"])) < 60_000


@pytest.mark.usefixtures("sdk")
@pytest.mark.parametrize("path", sorted(EVENTS.glob("*.json")), ids=lambda path: path.stem)
def test_sample_event_is_rejected_when_its_name_says_bad(path: Path) -> None:
    event = json.loads(path.read_text(encoding="utf-8"))
    if "bad" in path.stem:
        with pytest.raises(SelfCheckError, match="expected"):
            lambda_function.handler(event, None)
    else:
        assert lambda_function.handler(event, None)["model"]


@pytest.mark.parametrize("event", ["machine", [], 3])
def test_event_is_rejected_when_it_is_not_an_object(event: object) -> None:
    with pytest.raises(SelfCheckError, match="event: expected"):
        lambda_function.handler(event, None)


@pytest.mark.usefixtures("sdk")
def test_self_check_fails_when_the_smile_does_not_score_higher(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for scores in ([0.4, 0.5], [0.5, 0.5], [np.nan, 0.5]):
        found = [FaceScore(score, Quality.GOOD) for score in scores]
        monkeypatch.setattr(SmileVision, "score", lambda *_, found=found: found)
        with pytest.raises(SelfCheckError, match=f"scores: expected more .*, got {scores[0]} and"):
            lambda_function.handler({}, None)


@pytest.mark.usefixtures("sdk")
def test_self_check_fails_when_a_face_has_no_score(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [FaceScore(0.9, Quality.GOOD), FaceScore(math.nan, Quality.COVERED)]
    monkeypatch.setattr(SmileVision, "score", lambda *_: found)
    with pytest.raises(SelfCheckError, match="expected one for each face, got mouth hidden"):
        lambda_function.handler({}, None)


@pytest.mark.usefixtures("sdk")
def test_self_check_fails_when_the_faces_are_not_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SmileVision, "look", lambda *_: None)
    with pytest.raises(SelfCheckError, match=r"faces: expected 2 .*, found 0"):
        lambda_function.handler({}, None)


def test_self_check_fails_when_the_greengrass_sdk_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "awsiot", None)
    with pytest.raises(ConfigError, match="needs the package awsiotsdk"):
        lambda_function.handler({}, None)
