"""Reads template.yaml: resolves its values; finds functions, routes and rules."""
