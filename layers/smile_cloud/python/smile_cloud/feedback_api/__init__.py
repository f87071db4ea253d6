"""Store what people say about events: the code of the ``feedback_api`` function."""
