"""Answer questions about stored events: what the ``history_api`` function does."""
