"""The group events.k8s.io: the newer shape of events."""
