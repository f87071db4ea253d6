"""Check that a deployed stage stores an event and returns it."""
