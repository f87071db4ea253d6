"""The queues that invoke functions: ``Events`` of the type SQS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from local.cloudformation.function_events import function_events
from local.cloudformation.physical import queue_url
from local.cloudformation.resolver import Resolver
from local.cloudformation.template import Template, check_keys
from local.errors import TemplateError

# The batching window is ignored: it saves invocations on AWS, and here it would only delay.
_KEYS = {
    *("BatchSize", "Enabled", "FunctionResponseTypes", "MaximumBatchingWindowInSeconds"),
    *("Queue", "ScalingConfig"),
}
_DEFAULT_BATCH_SIZE = 10  # Lambda's own; larger ones need a batching window
_DEFAULT_CONCURRENCY = 1000


@dataclass(frozen=True)
class EventSourceSpec:
    """One event source mapping.

    Attributes
    ----------
    function : str
        Logical id of the function.
    queue_arn, queue_url : str
        The queue.
    batch_size : int
        Most messages of one invocation, 1 to 10.
    max_concurrency : int
        Most invocations at a time.
    reports_failures : bool
        Whether the function's answer names the messages that failed.
    """

    function: str
    queue_arn: str
    queue_url: str
    batch_size: int = _DEFAULT_BATCH_SIZE
    max_concurrency: int = _DEFAULT_CONCURRENCY
    reports_failures: bool = False


def event_source_specs(
    template: Template, resolver: Resolver, endpoint_url: str
) -> list[EventSourceSpec]:
    """Return the enabled event sources.

    Parameters
    ----------
    template : Template
        The template.
    resolver : Resolver
        Resolves its values.
    endpoint_url : str
        The local AWS server, which queue URLs start with.

    Raises
    ------
    TemplateError
        When one uses something that is not supported here.
    """
    specs = []
    for event in function_events(template, resolver, "SQS"):
        given = event.properties
        check_keys(given, _KEYS, event.place)
        if str(given.get("Enabled", True)).lower() == "false":
            continue
        arn = str(given.get("Queue"))
        types = given.get("FunctionResponseTypes") or []
        if not set(types) <= {"ReportBatchItemFailures"}:
            raise TemplateError(f"{event.place}.FunctionResponseTypes", f"{types} is not supported")
        scaling = given.get("ScalingConfig") or {}
        check_keys(scaling, {"MaximumConcurrency"}, f"{event.place}.ScalingConfig")
        specs.append(
            EventSourceSpec(
                function=event.function,
                queue_arn=arn,
                queue_url=queue_url(endpoint_url, arn.rpartition(":")[2]),
                batch_size=_batch_size(given.get("BatchSize"), event.place),
                max_concurrency=int(scaling.get("MaximumConcurrency", _DEFAULT_CONCURRENCY)),
                reports_failures=bool(types),
            )
        )
    return specs


def _batch_size(given: Any, place: str) -> int:
    size = _DEFAULT_BATCH_SIZE if given is None else int(given)
    if not 1 <= size <= _DEFAULT_BATCH_SIZE:
        raise TemplateError(f"{place}.BatchSize", f"expected 1 to 10, not {size}")
    return size
