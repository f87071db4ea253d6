"""The cloud functions in this process: their environment, and their handlers."""

from __future__ import annotations

import importlib.util
import io
import json
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

from aws_lambda_powertools.metrics.provider import cold_start

FUNCTIONS = Path(__file__).parents[2] / "functions"
AWS_ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
    "POWERTOOLS_SERVICE_NAME": "test",
    "POWERTOOLS_METRICS_NAMESPACE": "Smile",
}
# Valid values of every variable that a function reads.
ENVIRONMENT = {
    "TABLE_NAME": "events",
    "DEAD_LETTER_QUEUE_URL": "https://sqs.eu-central-1.amazonaws.com/123456789012/dead",
    "EVENT_RETENTION_DAYS": "9999",  # the samples never become too old
    "ROLLUP_RETENTION_DAYS": "400",
    "LONGEST_SMILE_SECONDS": "3600",
    "TOPIC_ARN": "arn:aws:sns:eu-central-1:123456789012:alerts",
    "API_URL": "https://a1b2c3.execute-api.eu-central-1.amazonaws.com/dev",
    "ALERT_COOLDOWN_SECONDS": "300",
    "ALERT_MAX_AGE_SECONDS": "600",
    "ALERTS_PER_HOUR": "20",
    "ALERTS_PER_MINUTE": "10",
    "ALERT_TIME_ZONE": "UTC",
    "ERASURE_QUEUE_URL": "https://sqs.eu-central-1.amazonaws.com/123456789012/erasures",
    "LOG_RETENTION_DAYS": "14",
    "POINT_IN_TIME_RECOVERY": "on",
    "ALERTS_QUEUE_URL": "https://sqs.eu-central-1.amazonaws.com/123456789012/alerts",
    "API_ORIGINS": "none",
    "DEVICE_GRACE_SECONDS": "300",
    "BLIND_GRACE_SECONDS": "300",
    "OUTAGE_DEVICES": "5",
    "OUTAGE_PERCENT": "20",
    "CURSOR_KEY": "k" * 64,
    "LINK_KEY": "k" * 64,
    "DASHBOARD": "on",
    "API_ACCESS": "jwt",
    "JWT_ISSUER": "https://issuer.example/pool",
    "JWT_AUDIENCE": "smile-api",
    "JWT_CLIENT_ID": "dashboard",
    "JWT_SCOPES": "openid,smile/read",
    "TOKEN_USAGE_KEY": "tokens_123456789012_smile-dev",
}
CONTEXT = SimpleNamespace(
    function_name="test",
    memory_limit_in_mb=256,
    invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:test",
    aws_request_id="00000000-0000-0000-0000-000000000000",
    get_remaining_time_in_millis=lambda: 30_000,
)


def variables_of(settings: Any) -> set[str]:
    """Return the names of the variables that a settings class reads."""
    read: set[str] = set()

    class Variables(dict[str, str]):
        def get(self, name: str, default: Any = None) -> Any:
            read.add(name)
            return super().get(name, default)

    settings.from_environment(Variables(ENVIRONMENT))
    return read


def load_function(name: str) -> ModuleType:
    """Load ``functions/<name>/app.py`` as Lambda does at a cold start."""
    spec = importlib.util.spec_from_file_location(f"{name}_app", FUNCTIONS / name / "app.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Functions:
    """The handlers in one environment, each loaded as at a cold start.

    They do not count the cold start, whose metric is printed on a line of its own. Without names,
    all are loaded.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        cold_start.is_cold_start = False
        every = sorted(path.parent.name for path in FUNCTIONS.glob("*/app.py"))
        self._loaded = {name: load_function(name) for name in names or every}
        self._log = io.StringIO()
        for module in self._loaded.values():
            module.logger.registered_handler.setStream(self._log)

    def invoke(self, name: str, event: Any) -> Any:
        return self._loaded[name].handler(event, CONTEXT)

    def forget_log_keys(self) -> None:
        """Remove the keys that other functions have added: here they share a logger."""
        for module in self._loaded.values():
            module.logger.clear_state()

    @property
    def log_characters(self) -> int:
        """How much the functions have logged."""
        return len(self._log.getvalue())

    def logged(self, level: str) -> list[dict[str, Any]]:
        """Return what the functions have logged at this level."""
        lines = [json.loads(line) for line in self._log.getvalue().splitlines()]
        return [line for line in lines if line["level"] == level]

    def ask(
        self, event: dict[str, Any], function: str = "history_api"
    ) -> tuple[int, dict[str, str], dict[str, Any]]:
        """Return status, headers and document of the API's answer."""
        status, headers, body = self.browse(event, function)
        return status, headers, json.loads(body)

    def browse(
        self, event: dict[str, Any], function: str = "alerts_api"
    ) -> tuple[int, dict[str, str], str]:
        """Return status, headers and body of the API's answer."""
        answer = self.invoke(function, event)
        headers = {name: value[0] for name, value in answer["multiValueHeaders"].items()}
        return answer["statusCode"], headers, answer["body"]
