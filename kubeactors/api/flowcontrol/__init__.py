"""The group of flows of requests."""
