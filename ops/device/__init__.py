"""Register a device with AWS IoT, or remove it."""
