"""Answer requests for stored events: the code of the ``history_api`` function."""
