"""Erase events of a device, or everything about it: the code of the ``erase_events`` function."""
