"""Durations of faults, in seconds."""

SPANS = (0.05, 0.3, 1.0, 1.0, 3.0, 3.0, 10.0, 40.0, 100.0)
OUTAGES = (1.0, 10.0, 90.0, 90.0, 150.0)
"""How long a node is cut off or without power. It is marked unreachable after 50 seconds, and its pods are evicted after
their toleration seconds: the consequences show only while it is still away."""
HIDDEN = (10.0, 40.0, 40.0, 100.0, 320.0)
"""How long a fault on top hides the effects of the other: mostly until a component acts on its stale view."""
