"""Find faces in frames, follow each one, and notice scene cuts."""
