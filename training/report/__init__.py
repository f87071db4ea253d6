"""The report: one HTML page with the metrics and charts of the shipped model."""
