"""Version 1 of the group of flows of requests."""
