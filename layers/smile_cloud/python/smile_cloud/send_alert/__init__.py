"""Send smile alerts: the code of the ``send_alert`` function."""
