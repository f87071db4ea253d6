"""The device as a pinned Lambda function on AWS IoT Greengrass v2.

Greengrass imports this module once and keeps it; the import starts the camera. Elsewhere the
import starts nothing, and the handler checks that the package works.
https://docs.aws.amazon.com/greengrass/v2/developerguide/run-lambda-functions.html
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Mapping
from pathlib import Path

from edge_lambda.app import run
from edge_lambda.config import EdgeConfig, load_config, read_environment
from edge_lambda.errors import ConfigError, EdgeError
from edge_lambda.json_log import set_up_logging
from edge_lambda.self_check import self_check
from smile_contract import ContractError
from smile_vision.errors import VisionError

_log = logging.getLogger(__name__)


def handler(event: object, _context: object) -> dict[str, object]:
    """Check the package. On a device, the camera runs in its own thread meanwhile.

    Raises
    ------
    EdgeError, VisionError
        When the package does not work here: see `self_check`.
    """
    return self_check(event)


def config_from(environment: Mapping[str, str]) -> EdgeConfig:
    """Return the configuration from the environment of the function.

    ``SMILE_CONFIG`` names a settings file, ``SMILE_OUTBOX`` the file of the outbox; see
    `read_environment` for others, such as ``SMILE_SOURCE``. The device id is the name of the thing.

    Raises
    ------
    ConfigError
        Names what is wrong. A missing thing name is an error: Greengrass lets a device publish
        under the name of its thing only, so the host name does not do.
    """
    path = environment.get("SMILE_CONFIG")
    values = read_environment(environment) | {"sinks": ("greengrass",)}
    names = {"SMILE_OUTBOX": "outbox.path", "AWS_IOT_THING_NAME": "device_id"}
    for variable, key in names.items():
        if environment.get(variable):
            values[key] = environment[variable]
    config = load_config(Path(path) if path else None, values)
    if "device_id" not in config.model_fields_set:
        raise ConfigError("device_id: expected in AWS_IOT_THING_NAME, which Greengrass sets")
    return config


def _run_camera() -> None:
    try:
        config = config_from(os.environ)
        set_up_logging(config.log_level)
        run(config, lambda: False)
    except (EdgeError, VisionError, ContractError) as error:
        set_up_logging("info")
        _log.critical("cannot continue", extra={"error": str(error)})
    finally:
        # Greengrass restarts a function that exits, and counts the restarts.
        os._exit(1)


# Greengrass gives this token to every component that may connect to the nucleus.
if os.environ.get("SVCUID"):
    threading.Thread(target=_run_camera, name="edge", daemon=True).start()
