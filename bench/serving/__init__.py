"""The scoring server against the servers that a user could pick instead: ``make bench-serving``."""
