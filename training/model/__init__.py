"""The network, its augmentation, its weights and its conversion to int8."""
