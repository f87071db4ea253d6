"""The report: one HTML page that shows what the shipped model does, in figures and pictures."""
