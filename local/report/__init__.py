"""What a run prints, and what it finds at its end."""
