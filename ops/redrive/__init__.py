"""Hand messages that were set aside to their functions again."""
