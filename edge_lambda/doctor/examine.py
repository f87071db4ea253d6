"""The doctor: run all checks, print them, and say whether the device can work."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict

from edge_lambda.cli import doctor_parser, read_config
from edge_lambda.config import EdgeConfig
from edge_lambda.doctor.broker_checks import check_broker, check_greengrass, check_probe
from edge_lambda.doctor.camera_checks import check_camera
from edge_lambda.doctor.certificate_checks import check_certificates
from edge_lambda.doctor.check import Check, failed, ok, skipped
from edge_lambda.doctor.machine_checks import (
    check_clock,
    check_interpreter,
    check_models,
    check_private_files,
    check_program,
)
from edge_lambda.doctor.outbox_checks import check_storage, is_in_use
from edge_lambda.errors import EdgeError
from smile_vision.smiles.classifier import SmileClassifier

_NO_MODELS = "the models cannot be used"
_CORRECT = "correct the flag, the variable or the settings file: --help explains them"
_STOP = "stop it for this check: systemctl stop smile-edge"


def doctor(argv: Sequence[str]) -> int:
    """Run the command ``doctor``; return 0 when the device can work, else 1.

    Takes the flags of the device, and ``--json``.

    Raises
    ------
    ConfigError
        When there is no such flag.
    """
    given = vars(doctor_parser().parse_args(argv))
    is_json = given.pop("json", False)
    checks = []
    logging.disable()  # the report says it all
    try:
        for check in examine(given):
            checks.append(check)
            if not is_json:
                print(check.line, flush=True)  # noqa: T201
    finally:
        logging.disable(logging.NOTSET)
    is_well = all(check.result != "failed" for check in checks)
    if is_json:
        print(json.dumps({"ok": is_well, "checks": [asdict(one) for one in checks]}))  # noqa: T201
    return 0 if is_well else 1


def examine(flags: Mapping[str, object]) -> Iterator[Check]:
    """Yield the checks of a device with these flags, one after the other.

    They change nothing on this machine, and nothing that they print contains a password.

    Parameters
    ----------
    flags : mapping
        Values by dotted key, and the path of a settings file as ``config``.
    """
    yield check_program()
    models = check_models()
    yield models
    has_models = models.result == "ok"
    yield check_interpreter() if has_models else skipped("interpreter", _NO_MODELS)
    yield check_clock()
    try:
        config, settings = read_config(flags)
        config.outbox_path  # noqa: B018 - raises what the device would raise
    except EdgeError as error:
        yield failed("settings", str(error), _CORRECT)
        return
    yield ok("settings", f"device {config.device_id}, from {settings or 'the command line'}")
    yield from check_private_files(config, settings)
    obstacle = None if has_models else skipped("probe", _NO_MODELS)
    for check in check_storage(config):
        yield check
        if check.name == "outbox" and check.result not in ("ok", "skipped"):
            obstacle = skipped("probe", "the outbox cannot be used")
    if is_in_use(config.outbox_path):
        yield skipped("camera", "the device runs and uses it", _STOP)
        # A second connection with the same client id would end that of the device.
        obstacle = skipped("probe", "the device runs and is connected under its name", _STOP)
    elif has_models:
        yield from check_camera(config)
    else:
        yield skipped("camera", _NO_MODELS)
    yield from _delivery(config, obstacle)


def _delivery(config: EdgeConfig, obstacle: Check | None) -> Iterator[Check]:
    """Check the way of the events; an obstacle takes the place of the probe."""
    if "greengrass" in config.sinks:
        yield check_greengrass()
    if "mqtt" not in config.sinks:
        return
    try:
        yield from check_certificates(config)
        broker = check_broker(config)
    except EdgeError as error:
        yield failed("broker", str(error), "correct the settings")
        return
    yield broker
    if broker.result != "ok":
        yield skipped("probe", "the broker cannot be reached")
    else:
        yield obstacle or check_probe(config, SmileClassifier.load().model_card.sha256)
