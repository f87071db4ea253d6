"""Turn the scores of a followed face into smile events."""
