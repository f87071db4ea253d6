"""What is known of each device, in any order of its messages, and where it is stored."""
