"""Version 1 of the group of custom kinds."""
