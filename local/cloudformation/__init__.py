"""Reads template.yaml: resolves it, and finds functions, routes and rules in it."""
