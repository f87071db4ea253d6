"""What a run prints, and what it checks at its end."""
