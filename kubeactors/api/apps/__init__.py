"""The group apps: workloads."""
