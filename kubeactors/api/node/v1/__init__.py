"""Version 1 of the group of runtime classes."""
