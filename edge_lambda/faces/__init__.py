"""Find faces in frames, score and follow each one, and detect scene cuts."""
