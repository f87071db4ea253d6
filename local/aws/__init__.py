"""The AWS services of a run, all on this machine."""
