"""``check_devices``: report cameras that stop and come back. A schedule invokes it every minute."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from smile_cloud.check_devices.service import CheckDevicesService
from smile_cloud.check_devices.settings import CheckDevicesSettings

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()
metrics = Metrics()


class CheckFailedError(Exception):
    """Alerts of a check failed; the next check sends them. Lambda counts the error."""


@lru_cache(maxsize=1)
def service() -> CheckDevicesService:
    """Return the service of this execution environment."""
    return CheckDevicesService.from_settings(CheckDevicesSettings.from_environment(os.environ))


@logger.inject_lambda_context
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """Check all devices; the event of the schedule does not matter."""
    del event
    result = service().handle(lambda: context.get_remaining_time_in_millis() / 1000, _log)
    counts = {
        "DevicesOffline": result.offline,
        "DevicesBlind": result.blind,
        "DeviceAlertsSent": result.sent,
        "DeviceAlertsDeferred": result.deferred,
        "ChecksSkipped": int(result.skipped),
    }
    for name, count in counts.items():
        metrics.add_metric(name, MetricUnit.Count, count)
    logger.info("devices checked", devices=result.devices, counts=counts)
    for failure in result.failures:
        logger.error("device alert failed", reason=repr(failure))
    if result.failures:
        raise CheckFailedError(f"{len(result.failures)} alerts failed")


def _log(kind: str, name: str) -> None:
    logger.info("device alert sent", kind=kind, subject=name)
