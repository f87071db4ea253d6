"""Read photo files, score every face in them, and annotate them."""
