"""The data set: reading, labels, splits and photos."""
