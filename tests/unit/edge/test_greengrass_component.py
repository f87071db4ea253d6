from __future__ import annotations

import configparser
import importlib
import shlex
import threading
from pathlib import Path
from typing import Any

import pytest
import yaml

from edge_lambda import lambda_function
from edge_lambda.cli import parse_arguments
from edge_lambda.errors import ConfigError
from smile_contract import events_topic

FOLDER = Path(lambda_function.__file__).parent / "greengrass"


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


def test_nothing_starts_when_the_module_is_imported_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("SVCUID", raising=False)
    before = threading.active_count()
    importlib.reload(lambda_function)
    assert threading.active_count() == before
    assert lambda_function.handler({}, None) is None  # type: ignore[func-returns-value]
