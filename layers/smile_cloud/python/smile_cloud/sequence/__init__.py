"""Which of a device's events have arrived: every event has the next number of its device."""
