"""What others build for smiles, trained on the same people and judged by the same code."""
