"""The operator's commands: deploy, device, redrive and smoke test."""
