"""Score smiles: crop, preprocessing, the classifier and its model card."""
