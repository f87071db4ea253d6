"""The Lambda service: runs the real handlers under AWS's own runtime interface client."""
