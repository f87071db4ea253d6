"""Try a deployed stage from the device's side and from the reader's."""
