"""What several test files share: waiting, ports and sample events."""
