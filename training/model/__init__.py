"""The network, its augmentation, and its weights."""
