"""``photo_api``: find the faces of a photo and score their smiles. Nothing is stored."""
