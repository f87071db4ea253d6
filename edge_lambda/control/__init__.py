"""Settings that change while the device runs: the device shadow, and the last ones on disk."""
