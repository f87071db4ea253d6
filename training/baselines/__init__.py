"""Networks that others use for smiles, trained and measured on the same people as ours."""
