"""Make a device known to AWS IoT, and make AWS IoT forget it."""
