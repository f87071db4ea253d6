"""Networks that tutorials use for smiles, trained and measured on the same people as ours."""
