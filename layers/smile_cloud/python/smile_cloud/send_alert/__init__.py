"""Send smile alerts: what the ``send_alert`` function does."""
