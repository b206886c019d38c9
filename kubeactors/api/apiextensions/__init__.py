"""The group of custom kinds."""
