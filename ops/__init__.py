"""The operator's commands: deploy, device, redrive, smoke test."""
