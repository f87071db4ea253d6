"""Send the messages in the dead-letter queues to their queues again."""
