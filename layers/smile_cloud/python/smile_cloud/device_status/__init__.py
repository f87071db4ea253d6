"""The function ``device_status``: keep what is known of each device up to date."""
