"""The group of ingresses, network policies and service ranges."""
