"""Metrics of the model, the checks of a release, and the documents that state the metrics."""
