"""Find out what keeps a device from working: ``python -m edge_lambda doctor``."""

from __future__ import annotations

from edge_lambda.doctor.examine import doctor

__all__ = ["doctor"]
