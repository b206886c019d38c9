"""Version 1 of the group of group versions."""
