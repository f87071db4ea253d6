"""Read, label and split the training data."""
