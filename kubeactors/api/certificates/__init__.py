"""The group of certificate requests."""
