"""Make the bundled clip of smiling synthetic people: train, render, check."""
