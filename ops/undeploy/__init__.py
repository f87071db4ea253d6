"""Delete a stage: detach its cameras, then delete its stack."""
