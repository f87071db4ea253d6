"""What several test files share: waiting, ports, a fake broker and sample data."""
