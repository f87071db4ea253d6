"""The device: watches a camera and reports smiles, in one process."""
