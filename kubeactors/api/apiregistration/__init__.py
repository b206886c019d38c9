"""The group of group versions."""
