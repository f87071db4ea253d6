"""Checks of the machine: the program and its models, the clock, files with secrets."""

from __future__ import annotations

import platform
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from edge_lambda.config import EdgeConfig
from edge_lambda.doctor.check import Check, failed, ok, warning
from edge_lambda.doctor.rights import is_exposed
from edge_lambda.errors import EdgeError
from edge_lambda.health.machine import clock_state
from edge_lambda.package_check import find_problem
from edge_lambda.self_check import score_synthetic_faces
from edge_lambda.version import RELEASED, VERSION
from smile_contract import format_time
from smile_vision.errors import VisionError
from smile_vision.faces.weights import SHA256, load_weights
from smile_vision.smiles.classifier import SmileClassifier
from smile_vision.smiles.face_check import FaceCheck

_REINSTALL = "install the package again"


def check_program() -> Check:
    """Check that the package fits this processor, Python and system."""
    here = f"version {VERSION}, Python {platform.python_version()}, {platform.machine()}"
    problem = find_problem()
    return failed("program", problem, _REINSTALL) if problem else ok("program", here)


def check_models() -> Check:
    """Check the checksums of the smile model and of the networks that find faces."""
    try:
        model = SmileClassifier.load().model_card
        FaceCheck.load()
        for name in SHA256:
            load_weights(name)
    except VisionError as error:
        return failed("models", str(error), _REINSTALL)
    return ok("models", f"{model.name} {model.sha256[:12]} and {len(SHA256) + 1} others match")


def check_interpreter() -> Check:
    """Check that the networks find and score the faces in a synthetic picture."""
    try:
        _, smile, neutral = score_synthetic_faces()
    except (EdgeError, VisionError) as error:
        return failed("interpreter", str(error), _REINSTALL)
    return ok("interpreter", f"a smile scores {smile:.2f}, a neutral face {neutral:.2f}")


def check_clock() -> Check:
    """Check that the clock can be right, and that a time server keeps it so."""
    now, state = now_utc(), clock_state()
    shown = format_time(now)
    advice = "turn time synchronization on with timedatectl set-ntp true, and allow UDP port 123"
    if state != "synchronized" and now < RELEASED:
        return failed("clock", f"it shows {shown}, so events are held back", advice)
    if state == "unsynchronized":
        return warning("clock", f"it shows {shown}, but no time server keeps it right", advice)
    return ok("clock", f"{shown}, {state}" if state == "synchronized" else shown)


def now_utc() -> datetime:
    """Return the time by the system clock."""
    return datetime.now(UTC)


def check_private_files(config: EdgeConfig, settings: Path | None) -> Iterator[Check]:
    """Check that other users can read neither the key nor a settings file with a password."""
    key = config.mqtt.key_file
    if key is not None and is_exposed(key, stat.S_IRWXO):
        yield failed("key", f"every user of this machine can read {key}", f"run chmod o-rwx {key}")
    has_secret = "@" in config.source or "@" in config.mqtt.url or config.stream.token is not None
    if settings is not None and has_secret and is_exposed(settings, stat.S_IRWXO):
        found = f"every user of this machine can read the password in {settings}"
        yield failed("settings", found, f"run chmod o-rwx {settings}")
