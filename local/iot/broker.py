"""The MQTT broker: mosquitto when it is installed, otherwise amqtt from PyPI."""

from __future__ import annotations

import getpass
import os
import shutil
import sys
from pathlib import Path

from local.errors import StartError
from local.network.ports import LOOPBACK
from local.processes.child import Child, Processes

# Debian installs it outside the PATH of ordinary users.
_MOSQUITTO_FOLDERS = ("/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin")

_MOSQUITTO_CONFIG = """\
listener {port} {host}
allow_anonymous true
persistence false
log_dest stderr
log_type error
log_type warning
user {user}
"""
_AMQTT_CONFIG = """\
listeners:
  default:
    type: tcp
    bind: {host}:{port}
plugins:
  amqtt.plugins.authentication.AnonymousAuthPlugin:
    allow_anonymous: true
"""


def find_mosquitto() -> str | None:
    """Return the path of mosquitto, None when it is not installed."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *_MOSQUITTO_FOLDERS])
    return shutil.which("mosquitto", path=path)


def choose_broker(wanted: str) -> str:
    """Return ``mosquitto`` or ``amqtt`` for ``auto``, ``mosquitto`` or ``amqtt``.

    Raises
    ------
    StartError
        When `wanted` is mosquitto, which is not installed.
    """
    if wanted == "mosquitto" and not find_mosquitto():
        raise StartError("mosquitto is not installed; leave out --broker to use amqtt")
    if wanted == "auto":
        return "mosquitto" if find_mosquitto() else "amqtt"
    return wanted


def start_broker(kind: str, port: int, processes: Processes, folder: Path) -> Child:
    """Start the broker on the loopback address. It keeps everything in memory.

    Parameters
    ----------
    kind : str
        ``mosquitto`` or ``amqtt``.
    port : int
        The port to listen on.
    processes : Processes
        Starts and ends it.
    folder : Path
        A temporary folder for its configuration.

    Raises
    ------
    StartError
        When it cannot start.
    """
    environment = {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8"}
    if kind == "mosquitto":
        config = folder / "mosquitto.conf"
        # With another user mosquitto would lose the kernel's parent-death signal (prctl(2)).
        config.write_text(_MOSQUITTO_CONFIG.format(port=port, host=LOOPBACK, user=_user()), "utf-8")
        argv = [find_mosquitto() or kind, "-c", str(config)]
    else:
        config = folder / "amqtt.yaml"
        config.write_text(_AMQTT_CONFIG.format(port=port, host=LOOPBACK), "utf-8")
        argv = [sys.executable, "-m", "amqtt.scripts.broker_script", "-c", str(config)]
    return processes.start("broker", argv, environment=environment, folder=folder)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user without a name, as in some containers
        return "root"
