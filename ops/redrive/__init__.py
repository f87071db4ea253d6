"""Invoke the functions again for the messages in the dead-letter queues."""
