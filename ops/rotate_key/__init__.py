"""Replace an API key of a stage without an interruption."""
