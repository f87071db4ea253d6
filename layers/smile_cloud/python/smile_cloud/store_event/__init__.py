"""Store smile events: what the ``store_event`` function does."""
