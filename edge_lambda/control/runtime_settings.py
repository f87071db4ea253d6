"""The configuration in effect: the one of the start, changed by the settings that AWS IoT wants."""

from __future__ import annotations

import json
import logging
import math
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from edge_lambda.config import EdgeConfig, problems
from edge_lambda.control.accepted_file import AcceptedFile
from edge_lambda.errors import ConfigError
from edge_lambda.settings_section import iterate_settings
from smile_contract.device_settings import DEVICE_SETTINGS

_log = logging.getLogger(__name__)

CONTROLLED = (*DEVICE_SETTINGS, "zones.include", "zones.ignore")
_WELCOME = "welcome"  # the console of AWS IoT puts it into each shadow that it makes
_MOST_REASONS, _LONGEST_BYTES = 10, 200
_LONGEST_NUMBER = 32
_MOST_BYTES = 8000  # a shadow has at most 8 KB
_MISSING = object()

Values = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A value that was not accepted, and why: its own fault, or another value's."""

    value: object
    reason: str
    is_own_fault: bool


class RuntimeSettings:
    """Accepts or rejects settings, one change as a whole.

    Every bad value of a change is named. A rejected value does not stand in the way of later
    changes of other settings.

    Parameters
    ----------
    base : EdgeConfig
        The configuration of the start.
    resolve : callable
        Returns the values that a configuration leaves to the model, by dotted key.
        Raises `ConfigError`, as ``key: reason``, for one that does not fit the model.
    file : AcceptedFile
        Read at once.
    """

    def __init__(
        self,
        base: EdgeConfig,
        resolve: Callable[[EdgeConfig], Values],
        file: AcceptedFile,
    ) -> None:
        self._base = self._config = base
        self._resolve = resolve
        self._resolved = resolve(base)
        self._file = file
        self._accepted: dict[str, object] = {}
        self._refused: dict[str, Refusal] = {}
        self._wanted: dict[str, object] | None = None
        self._listeners: list[Callable[[EdgeConfig], None]] = []
        self._lock = threading.Lock()
        stored = file.read()
        faults = self._accept(stored)
        if faults:
            _log.warning("stored settings ignored", extra={"reasons": faults})
        elif stored:
            _log.info("stored settings in effect", extra={"settings": stored})

    @property
    def config(self) -> EdgeConfig:
        """The configuration in effect."""
        return self._config

    def follow(self, listener: Callable[[EdgeConfig], None]) -> None:
        """Call `listener` with the configuration in effect, now and after each change."""
        with self._lock:
            self._listeners.append(listener)
            listener(self._config)

    def want(self, desired: Mapping[str, object]) -> None:
        """Take what AWS IoT wants, which is everything that differs from the start.

        Parameters
        ----------
        desired : mapping
            Settings by section, as in a settings file.
        """
        wanted = _flattened(desired)
        if wanted == self._wanted:
            return
        self._wanted = wanted
        before = self._accepted
        faults = self._accept(wanted)
        if faults:
            self._reject_some(wanted, faults)
        else:
            self._refused = {}
        if self._accepted != before:
            _log.info("settings changed", extra={"settings": self._accepted})
            self._file.write(self._accepted)
        for key, refusal in self._refused.items():
            _log.warning("setting rejected", extra={"setting": key, "reason": refusal.reason})

    def report(self) -> dict[str, Any]:
        """Return the state to report: the settings in effect by section, and the rejected ones."""
        values = _flattened(self._config.model_dump(mode="json"))
        reported: dict[str, Any] = {}
        for key in CONTROLLED:
            # An accepted value as it was sent: 30 and 30.0 differ to some.
            value = self._accepted.get(key, self._resolved.get(key, values[key]))
            section, _, name = key.rpartition(".")
            (reported.setdefault(section, {}) if section else reported)[name] = value
        for most in range(_MOST_REASONS, -1, -1):
            reported["rejected"] = self._rejected(most)
            if len(json.dumps(reported, separators=(",", ":"))) <= _MOST_BYTES:
                break
        return reported

    def _rejected(self, most: int) -> list[dict[str, object]]:
        """Return the rejected settings: their own faults first, and how many are left out."""
        refusals = sorted(self._refused.items(), key=lambda one: not one[1].is_own_fault)
        shown = [_rejection(key, refusal) for key, refusal in refusals[:most]]
        if len(refusals) > most:
            shown.append({"field": "…", "reason": f"{len(refusals) - most} more"})
        return shown

    def _reject_some(self, wanted: Values, faults: dict[str, str]) -> None:
        """Reject a change; but first try it without the values that were rejected before."""
        known = {
            key: refusal
            for key, refusal in self._refused.items()
            if refusal.is_own_fault and key in wanted and wanted[key] == refusal.value
        }
        if known:
            kept = {key: self._accepted[key] for key in known if key in self._accepted}
            rest = {key: value for key, value in wanted.items() if key not in known} | kept
            faults = self._accept(rest)
        self._refused = known
        if faults:
            changed = [key for key in wanted if wanted[key] != self._accepted.get(key, _MISSING)]
            because = f"not applied, because {next(iter(faults))} was rejected"
            for key in dict.fromkeys([*faults, *changed]):
                refusal = Refusal(wanted.get(key), faults.get(key, because), key in faults)
                self._refused.setdefault(key, refusal)

    def _accept(self, values: Values) -> dict[str, str]:
        """Put values into effect, or return what is wrong with each of them, by key."""
        faults = _uncontrolled(values)
        good = {key: value for key, value in values.items() if key not in faults}
        try:
            config = self._config_with(good)
        except ValidationError as error:
            faults |= problems(error)
            good = {key: value for key, value in good.items() if key not in faults}
            # Nobody knows whether thresholds go together while one of them is bad.
            if faults.keys() & self._resolved.keys():
                return faults
            config = self._config_with(good)
        try:
            resolved = self._resolve(config)
        except ConfigError as error:
            key, _, reason = str(error).partition(": ")
            faults[key] = reason
        if faults:
            return faults
        with self._lock:
            self._accepted, self._config, self._resolved = dict(values), config, resolved
            for listener in self._listeners:
                listener(config)
        return {}

    def _config_with(self, values: Values) -> EdgeConfig:
        document = self._base.model_dump()
        for key, value in values.items():
            section, _, name = key.rpartition(".")
            (document[section] if section else document)[name] = value
        return EdgeConfig.model_validate(document)


def _rejection(key: str, refusal: Refusal) -> dict[str, object]:
    """Return what to report; with a number, readers know whether another one is wanted by now."""
    rejection: dict[str, object] = {"field": _cut(key), "reason": _cut(refusal.reason)}
    value = refusal.value
    is_number = isinstance(value, int) or (isinstance(value, float) and math.isfinite(value))
    if is_number and len(repr(value)) <= _LONGEST_NUMBER:
        rejection["value"] = value
    return rejection


def _cut(text: str) -> str:
    """Return the text, or its beginning when its JSON is too long."""
    if len(json.dumps(text)) <= _LONGEST_BYTES:
        return text
    cut = text[:_LONGEST_BYTES]
    while len(json.dumps(f"{cut}…")) > _LONGEST_BYTES:
        cut = cut[:-1]
    return f"{cut}…"


def _flattened(document: Mapping[str, object]) -> dict[str, object]:
    """Return values by dotted key, such as ``smile.threshold_on``."""
    flat: dict[str, object] = {}
    for key, value in document.items():
        if isinstance(value, Mapping):
            flat |= {f"{key}.{name}": inner for name, inner in value.items()}
        elif key != _WELCOME:
            flat[key] = value
    return flat


def _uncontrolled(keys: Iterable[str]) -> dict[str, str]:
    known = {key for key, _ in iterate_settings(EdgeConfig)}
    return {
        key: "cannot be changed while the device runs" if key in known else "unknown key"
        for key in keys
        if key not in CONTROLLED
    }
