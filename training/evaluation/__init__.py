"""Metrics, predictions, corruptions and the release thresholds."""
