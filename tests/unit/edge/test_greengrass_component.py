from __future__ import annotations

import configparser
import importlib
import json
import platform
import shlex
import sys
import threading
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import yaml

from edge_lambda import lambda_function
from edge_lambda.cli import parse_arguments
from edge_lambda.errors import ConfigError, SelfCheckError
from edge_lambda.faces.vision import SmileVision
from smile_contract import events_topic
from smile_vision.smiles.classifier import SmileClassifier

FOLDER = Path(lambda_function.__file__).parent / "greengrass"
EVENTS = Path(__file__).parents[3] / "events" / "edge_lambda"


@pytest.fixture(scope="module")
def recipe() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((FOLDER / "recipe.yaml").read_text(encoding="utf-8"))
    return loaded


def test_component_may_publish_its_own_events_and_nothing_else(recipe: dict[str, Any]) -> None:
    access = recipe["ComponentConfiguration"]["DefaultConfiguration"]["accessControl"]
    ((service, policies),) = access.items()
    ((name, policy),) = policies.items()
    assert service == "aws.greengrass.ipc.mqttproxy"
    assert name.startswith(recipe["ComponentName"])
    assert policy["operations"] == ["aws.greengrass#PublishToIoTCore"]
    assert policy["resources"] == [events_topic("cam-1").replace("cam-1", "{iot:thingName}")]


def test_recipe_starts_the_device_with_flags_that_it_knows(recipe: dict[str, Any]) -> None:
    assert [one["Platform"]["architecture"] for one in recipe["Manifests"]] == ["aarch64", "amd64"]
    for manifest in recipe["Manifests"]:
        script = manifest["Lifecycle"]["run"]["Script"].replace("$AWS_IOT_THING_NAME", "cam-1")
        words = shlex.split(script)
        config = parse_arguments(words[words.index("edge_lambda") + 1 :])
        assert (config.device_id, config.sinks) == ("cam-1", ("greengrass",))
        archive = manifest["Artifacts"][0]["Uri"].rpartition("/")[2]
        assert f"/{archive.removesuffix('.zip')} " in script


def test_unit_starts_the_device_with_the_folder_that_make_device_writes() -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(FOLDER / "smile-edge.service", encoding="utf-8")
    command = shlex.split(unit["Service"]["ExecStart"])
    assert command[-3:] == ["edge_lambda", "--config", "/etc/smile-edge/device.toml"]
    assert unit["Service"]["ProtectSystem"] == "strict"


def test_function_takes_its_settings_from_its_environment() -> None:
    config = lambda_function.config_from(
        {"SMILE_SOURCE": "0", "AWS_IOT_THING_NAME": "cam-7", "SMILE_OUTBOX": "/var/o.sqlite"}
    )
    assert (config.source, config.device_id, config.sinks) == ("0", "cam-7", ("greengrass",))
    assert config.outbox_path == Path("/var/o.sqlite")
    with pytest.raises(ConfigError, match="source: expected, but missing"):
        lambda_function.config_from({})
    with pytest.raises(ConfigError, match="device_id: expected in AWS_IOT_THING_NAME"):
        lambda_function.config_from({"SMILE_SOURCE": "0"})


def test_nothing_starts_when_the_module_is_imported_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("SVCUID", raising=False)
    before = threading.active_count()
    importlib.reload(lambda_function)
    assert threading.active_count() == before


@pytest.fixture
def sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("awsiot", "awsiot.greengrasscoreipc", "awsiot.greengrasscoreipc.clientv2")
    for name in names:
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    sys.modules[names[-1]].GreengrassCoreIPCClientV2 = object  # type: ignore[attr-defined]


@pytest.mark.usefixtures("sdk")
def test_invoked_function_tells_what_it_runs_on_and_that_it_sees() -> None:
    assert lambda_function.handler(None, None)["machine"] == platform.machine()
    answer = lambda_function.handler({"machine": platform.machine()}, None)
    assert answer["machine"] == platform.machine()
    assert answer["model"] == SmileClassifier.load().model_card.sha256
    assert float(str(answer["smile_score"])) > float(str(answer["neutral_score"]))


@pytest.mark.usefixtures("sdk")
@pytest.mark.parametrize("path", sorted(EVENTS.glob("*.json")), ids=lambda path: path.stem)
def test_sample_is_refused_when_it_is_called_bad(path: Path) -> None:
    event = json.loads(path.read_text(encoding="utf-8"))
    if "bad" in path.stem:
        with pytest.raises(SelfCheckError, match="expected"):
            lambda_function.handler(event, None)
    else:
        assert lambda_function.handler(event, None)["model"]


@pytest.mark.usefixtures("sdk")
def test_check_fails_when_the_faces_are_not_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SmileVision, "smile_scores", lambda *_: np.array([0.4, 0.5]))
    with pytest.raises(SelfCheckError, match=r"smile scores 0\.4, the neutral face 0\.5"):
        lambda_function.handler({}, None)
    monkeypatch.setattr(SmileVision, "find_faces", lambda *_: [])
    with pytest.raises(SelfCheckError, match="found 0 faces"):
        lambda_function.handler({}, None)


def test_check_fails_when_events_could_not_be_handed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "awsiot", None)
    with pytest.raises(ConfigError, match="needs the package awsiotsdk"):
        lambda_function.handler({}, None)
