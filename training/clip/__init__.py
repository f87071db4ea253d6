"""How the bundled clip of smiling synthetic people is made: train, render, check."""
