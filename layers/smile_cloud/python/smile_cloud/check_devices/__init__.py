"""Report cameras that stop and come back: the code of the ``check_devices`` function."""
