"""Find faces: BlazeFace networks, their weights, and the search over photos and frames."""
