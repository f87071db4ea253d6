"""Messages that no retry can handle: sent to the dead-letter queue, once a day for each content."""
