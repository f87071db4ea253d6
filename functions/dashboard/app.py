"""``dashboard``: serve the pages on which people look at smiles. It reads no table."""

from __future__ import annotations

import os
import warnings
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.logging.correlation_paths import API_GATEWAY_REST

from smile_cloud.dashboard.service import DashboardService, File
from smile_cloud.dashboard.settings import DashboardSettings, SignInSettings
from smile_cloud.dashboard.sign_in import SignIn
from smile_cloud.http.rest_api import RestApi

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()
metrics = Metrics()
# API Gateway counts the requests; the only metric here is ColdStart, which most requests lack.
warnings.filterwarnings("ignore", "No application metrics to publish")
app = RestApi(logger)


@lru_cache(maxsize=1)
def service() -> DashboardService:
    """Return the service of this execution environment."""
    settings = DashboardSettings.from_environment(os.environ)
    sign_in = None if settings.sign_in is None else _sign_in(settings.sign_in)
    folder = Path(__file__).with_name("web")
    return DashboardService(folder, is_on=settings.is_on, sign_in=sign_in)


def _sign_in(settings: SignInSettings) -> SignIn:
    # It loads TLS, which keys do not need.
    from smile_cloud.issuer.documents import Documents  # noqa: PLC0415

    def log(reason: str) -> None:
        logger.warning("Nobody can sign in", reason=reason)

    return SignIn(settings, Documents().get, log)


@app.get("/")
def show_page() -> Response[str]:
    """Return the page. Its links start at the path of the API: a stage, a base path, or nothing."""
    known = app.current_event.headers.get("If-None-Match")
    return _answer(service().page(f"{app.api_path()}/", known))


@app.get("/dashboard/<version>/<name>")
def get_file(version: str, name: str) -> Response[str]:
    """Return a file that the page uses."""
    return _answer(service().file(version, unquote(name)))


@logger.inject_lambda_context(correlation_id_path=API_GATEWAY_REST)
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one request."""
    return app.resolve(event, context)


def _answer(file: File) -> Response[str]:
    return Response(file.status.value, file.type, file.text, headers=dict(file.headers))
