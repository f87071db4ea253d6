"""Watch the calls of a boto3 client, or make them fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

from botocore.exceptions import EndpointConnectionError

UNREACHABLE = EndpointConnectionError(endpoint_url="https://unreachable.example/")


@contextmanager
def watched(client: Any, operation: str) -> Iterator[list[dict[str, Any]]]:
    """Yield a list that collects the parameters of each call of `operation`."""
    calls: list[dict[str, Any]] = []
    with _before(client, operation, calls.append):
        yield calls


@contextmanager
def failing(
    client: Any,
    operation: str,
    *,
    after: int = 0,
    times: int | None = None,
    error: Exception = UNREACHABLE,
) -> Iterator[None]:
    """Make calls of `operation` raise `error` before they reach AWS.

    The first `after` calls work, then `times` calls fail, or all of them.
    """
    number, failed = count(), count()

    def fail(_parameters: dict[str, Any]) -> None:
        if next(number) >= after and (times is None or next(failed) < times):
            raise error

    with _before(client, operation, fail):
        yield


@contextmanager
def losing_answer(client: Any, operation: str, *, after: int = 0, times: int = 1) -> Iterator[None]:
    """Lose the answers to `times` calls of `operation`: AWS does what they ask for.

    The first `after` calls are answered.
    """
    calls = count()

    def lose(**_: Any) -> None:
        if after <= next(calls) < after + times:
            raise UNREACHABLE

    with _registered(client, "after-call", operation, lose):
        yield


@contextmanager
def repeating(client: Any, operation: str, *, after: int = 0) -> Iterator[None]:
    """Lose the answer to one call of `operation`, and let boto3 repeat it by itself.

    The first `after` calls are answered.
    """
    calls = count()

    def repeat(**_: Any) -> int | None:
        return 0 if next(calls) == after else None  # seconds until boto3 sends the request again

    with _registered(client, "needs-retry", operation, repeat, is_first=True):
        yield


@contextmanager
def before_first(client: Any, operation: str, act: Callable[[], object]) -> Iterator[None]:
    """Run `act` just before the first call of `operation`, as a faster invocation would."""
    acts = iter([act])

    def act_once(_parameters: dict[str, Any]) -> None:
        for one in acts:
            one()

    with _before(client, operation, act_once):
        yield


@contextmanager
def _before(client: Any, operation: str, act: Callable[[dict[str, Any]], None]) -> Iterator[None]:
    def on_call(params: dict[str, Any], **_: Any) -> None:
        act(params)

    with _registered(client, "provide-client-params", operation, on_call):
        yield


@contextmanager
def _registered(
    client: Any,
    stage: str,
    operation: str,
    handler: Callable[..., object],
    *,
    is_first: bool = False,
) -> Iterator[None]:
    event = f"{stage}.{client.meta.service_model.service_id.hyphenize()}.{operation}"
    events = client.meta.events
    (events.register_first if is_first else events.register)(event, handler)
    try:
        yield
    finally:
        client.meta.events.unregister(event, handler)
