"""Change alert settings and pause alerts: the code of the ``alerts_api`` function."""
