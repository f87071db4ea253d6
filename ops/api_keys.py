"""The API keys of a stage: those of its stack, and those that ``make rotate-key`` made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

SCOPES: Final = ("read", "feedback", "admin")


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key that works.

    Attributes
    ----------
    id, name : str
    is_of_stack : bool
        Whether the stack made it, so that only the stack may delete it.
    created_at : datetime
    """

    id: str
    name: str
    is_of_stack: bool
    created_at: datetime


class ScopeKeys:
    """The keys of one scope in a usage plan.

    Parameters
    ----------
    client : APIGatewayClient
    plan_id : str
        The usage plan of the stage.
    stage, scope : str
    """

    def __init__(self, client: Any, plan_id: str, stage: str, scope: str) -> None:
        self.name = f"smile-{stage}-{scope}"
        self._client = client
        self._plan_id = plan_id

    def enabled(self) -> list[ApiKey]:
        """Return the keys that work, oldest first."""
        return sorted(self._enabled(), key=lambda key: (key.created_at, not key.is_of_stack))

    def value(self, key: ApiKey) -> str:
        """Return the key itself, a secret."""
        return str(self._client.get_api_key(apiKey=key.id, includeValue=True)["value"])

    def add(self, name: str, value: str) -> str:
        """Make a key and return its id; without the usage plan it does not work."""
        made = self._client.create_api_key(name=name, value=value, enabled=True)
        self._client.create_usage_plan_key(
            usagePlanId=self._plan_id, keyId=made["id"], keyType="API_KEY"
        )
        return str(made["id"])

    def end(self, key: ApiKey) -> None:
        """Make a key useless at once: delete it, or disable it if the stack would miss it."""
        if key.is_of_stack:
            off = {"op": "replace", "path": "/enabled", "value": "false"}
            self._client.update_api_key(apiKey=key.id, patchOperations=[off])
        else:
            self._client.delete_usage_plan_key(usagePlanId=self._plan_id, keyId=key.id)
            self._client.delete_api_key(apiKey=key.id)

    def delete_unused(self) -> None:
        """Delete keys outside the usage plan, which a broken `add` has left behind."""
        in_plan = {one["id"] for one in self._in_plan()}
        pages = self._client.get_paginator("get_api_keys").paginate(nameQuery=f"{self.name}-")
        for page in pages:
            for one in page["items"]:
                if one["id"] not in in_plan and one["name"].startswith(f"{self.name}-"):
                    self._client.delete_api_key(apiKey=one["id"])

    def _in_plan(self) -> Iterator[dict[str, Any]]:
        pages = self._client.get_paginator("get_usage_plan_keys").paginate(
            usagePlanId=self._plan_id
        )
        for page in pages:
            yield from page["items"]

    def _enabled(self) -> Iterator[ApiKey]:
        for one in self._in_plan():
            name = one.get("name", "")
            if name == self.name or name.startswith(f"{self.name}-"):
                found = self._client.get_api_key(apiKey=one["id"])
                if found["enabled"]:
                    yield ApiKey(one["id"], name, name == self.name, found["createdDate"])
