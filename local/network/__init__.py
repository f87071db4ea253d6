"""Ports and HTTP servers on the loopback address."""
