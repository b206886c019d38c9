"""The whole control plane, large, or for a long time."""
