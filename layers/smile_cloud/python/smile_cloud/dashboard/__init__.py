"""``dashboard``: serve the pages on which people look at smiles."""
