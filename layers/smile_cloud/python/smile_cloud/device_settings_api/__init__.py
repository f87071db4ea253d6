"""Show and change the settings of a device: the code of ``device_settings_api``."""
