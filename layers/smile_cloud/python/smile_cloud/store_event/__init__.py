"""Store smile events: the code of the ``store_event`` function."""
