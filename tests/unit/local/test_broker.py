"""The choice of the broker and its configuration."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest

from local.errors import StartError
from local.iot import broker
from local.iot.broker import choose_broker, find_mosquitto, start_broker


@pytest.mark.parametrize(
    ("wanted", "installed", "chosen"),
    [
        ("auto", True, "mosquitto"),
        ("auto", False, "amqtt"),
        ("amqtt", True, "amqtt"),
        ("mosquitto", True, "mosquitto"),
    ],
)
def test_broker_is_mosquitto_when_it_is_installed_and_nothing_else_is_wanted(
    monkeypatch: pytest.MonkeyPatch, wanted: str, installed: bool, chosen: str
) -> None:
    monkeypatch.setattr(broker, "find_mosquitto", lambda: "/m" if installed else None)
    assert choose_broker(wanted) == chosen


def test_broker_is_refused_when_it_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker, "find_mosquitto", lambda: None)
    with pytest.raises(StartError, match="mosquitto is not installed; leave out --broker"):
        choose_broker("mosquitto")


def test_mosquitto_is_found_when_it_is_in_a_folder_of_the_system(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "mosquitto").touch(0o755)
    monkeypatch.setattr(broker, "_MOSQUITTO_FOLDERS", (str(tmp_path),))
    monkeypatch.setenv("PATH", "/nowhere")
    assert find_mosquitto() == str(tmp_path / "mosquitto")
    monkeypatch.setattr(broker, "_MOSQUITTO_FOLDERS", ())
    assert find_mosquitto() is None


@pytest.mark.parametrize("named", [True, False])
def test_mosquitto_keeps_the_user_so_that_it_ends_with_its_parent(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, named: bool
) -> None:
    def getuser() -> str:
        if not named:
            raise KeyError("getpwuid(): uid not found: 1234")
        return "me"

    monkeypatch.setattr(getpass, "getuser", getuser)
    processes: Any = MagicMock()
    start_broker("mosquitto", 1883, processes, tmp_path)
    config = (tmp_path / "mosquitto.conf").read_text("utf-8")
    assert "listener 1883 127.0.0.1\n" in config
    assert f"user {'me' if named else 'root'}\n" in config
    assert processes.start.call_args.args[1][1:] == ["-c", str(tmp_path / "mosquitto.conf")]
