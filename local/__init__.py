"""The AWS side on one machine: broker, IoT rule, functions and REST API, read from template.yaml.

Nothing here knows what the functions do; the template says what runs and how it is joined.
"""

from __future__ import annotations

from local.errors import LocalError, SqlError, StartError, TemplateError

__all__ = ["LocalError", "SqlError", "StartError", "TemplateError"]
