"""Check that a stage can be deployed, then deploy it."""
