"""The group of runtime classes."""
