"""The operator's commands: deploy, undeploy, device, redrive and smoke test."""
