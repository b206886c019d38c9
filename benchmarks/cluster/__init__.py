"""Benchmarks of the whole control plane: large clusters and long runs."""
