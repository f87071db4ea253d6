"""``make run``: the AWS side and an edge together, from the command line to the exit code."""
