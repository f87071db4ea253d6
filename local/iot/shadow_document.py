"""One device shadow: its document, and what a request changes in it.

"Device Shadow service documents" and "Device Shadow MQTT topics", AWS IoT Core Developer Guide.
Leaves out the metadata: the time of each value.
"""

from __future__ import annotations

import copy
import json
import time
from typing import Any

MAX_BYTES = 8 * 1024
MAX_LEVELS = 8  # "AWS IoT Core Device Shadow service limits and quotas", for each section
_SECTIONS = {"desired", "reported"}

Document = dict[str, Any]


class RejectedError(Exception):
    """A request that AWS rejects, with the code of its answer."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class ShadowDocument:
    """The state of one shadow. Without a state it does not exist, but keeps its version."""

    def __init__(self) -> None:
        self._state: Document = {}
        self._version = 0

    def get(self) -> Document:
        """Return the answer to ``get``.

        Raises
        ------
        RejectedError
            When there is no shadow.
        """
        if not self._state:
            raise RejectedError(404, "No shadow exists")
        delta = _difference(self._state.get("desired", {}), self._state.get("reported", {}))
        state = self._state | ({"delta": delta} if delta else {})
        return self._answer(copy.deepcopy(state))

    def update(self, request: Document) -> dict[str, Document]:
        """Merge a request; return the messages by topic suffix.

        Raises
        ------
        RejectedError
            When the request is malformed, too large or for another version.
        """
        state = request.get("state")
        if not isinstance(state, dict) or not state or not set(state) <= _SECTIONS:
            raise RejectedError(400, "Missing required node: state")
        if not all(isinstance(section, dict | None) for section in state.values()):
            raise RejectedError(400, "State contains an invalid node")
        if any(_has_more_levels(section, MAX_LEVELS) for section in state.values()):
            raise RejectedError(400, "JSON contains too many levels of nesting")
        if request.get("version", self._version) != self._version:
            raise RejectedError(409, "Version conflict")
        merged = _merged(self._state, state)
        if any(len(json.dumps(section)) > MAX_BYTES for section in merged.values()):
            raise RejectedError(413, "The payload exceeds the maximum size allowed")
        previous = {"state": self._state, "version": self._version}
        self._state, self._version = merged, self._version + 1
        messages = {"update/accepted": self._answer(state)}
        delta = _difference(merged.get("desired", {}), merged.get("reported", {}))
        if delta:
            messages["update/delta"] = self._answer(delta)
        current = {"state": merged, "version": self._version}
        messages["update/documents"] = {
            "previous": previous,
            "current": current,
            "timestamp": int(time.time()),
        }
        return copy.deepcopy(messages)

    def delete(self) -> Document:
        """Forget the state; return the answer.

        Raises
        ------
        RejectedError
            When there is no shadow.
        """
        if not self._state:
            raise RejectedError(404, "No shadow exists")
        self._state = {}
        return {"version": self._version, "timestamp": int(time.time())}

    def _answer(self, state: Document) -> Document:
        return {"state": state, "timestamp": int(time.time()), "version": self._version}


def _has_more_levels(document: object, levels: int) -> bool:
    """Return whether objects and lists are nested in more than `levels` levels."""
    layer: list[object] = [document]
    for _ in range(levels):
        children: list[object] = []
        for one in layer:
            if isinstance(one, dict):
                children += one.values()
            elif isinstance(one, list):
                children += one
        layer = children
    return any(isinstance(one, dict | list) for one in layer)


def _merged(old: Document, new: Document) -> Document:
    """Return a document with the values of another: null removes, arrays are replaced whole."""
    merged = dict(old)
    for key, value in new.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict):
            before = merged.get(key)
            inner = _merged(before if isinstance(before, dict) else {}, value)
            if inner:
                merged[key] = inner
            else:
                merged.pop(key, None)
        else:
            merged[key] = value
    return merged


def _difference(desired: Document, reported: Document) -> Document:
    """Return the desired values that are not reported."""
    delta: Document = {}
    for key, value in desired.items():
        other = reported.get(key)
        if isinstance(value, dict) and isinstance(other, dict):
            inner = _difference(value, other)
            if inner:
                delta[key] = inner
        elif key not in reported or value != other:
            delta[key] = value
    return delta
