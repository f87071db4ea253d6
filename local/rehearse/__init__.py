"""Deploy the template into MiniStack, an AWS on this machine, and follow a smile through it.

MiniStack's Lambda runs code for everyone who reaches its port, any web page included. So it runs in
a network namespace of its own, which nothing outside reaches and which reaches nothing outside.
"""
