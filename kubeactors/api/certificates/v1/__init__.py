"""Version 1 of the group of certificate requests."""
