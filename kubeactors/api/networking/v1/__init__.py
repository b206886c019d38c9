"""Version 1 of the group of ingresses, network policies and service ranges."""
