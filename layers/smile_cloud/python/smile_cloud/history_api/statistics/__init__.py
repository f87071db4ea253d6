"""``GET /v1/stats``: counts of events by local hour or day."""
