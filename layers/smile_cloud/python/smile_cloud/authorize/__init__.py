"""What a key of the REST API allows."""
