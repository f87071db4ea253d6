"""API Gateway in small: an HTTP front for the functions."""
