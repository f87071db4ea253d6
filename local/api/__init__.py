"""API Gateway: an HTTP front for the functions."""
