"""Turn the smile scores of a followed face into smile events."""
