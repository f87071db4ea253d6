"""A subset of AWS IoT SQL: parse a rule, check it, and evaluate it on a message."""
