"""The group of devices."""
