"""Train the smile classifier on a folder of labelled face crops, one command per step.

See README.md in this folder.
"""
