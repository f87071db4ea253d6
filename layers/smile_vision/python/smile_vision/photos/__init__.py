"""Read photo files, score every face in them, and draw the result."""
