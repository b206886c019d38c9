"""How long faults last, in seconds."""

SPANS = (0.05, 0.3, 1.0, 1.0, 3.0, 3.0, 10.0, 40.0, 100.0)
OUTAGES = (1.0, 10.0, 90.0, 90.0, 150.0)
"""How long a node is cut off, or without power. It is given up after 50 seconds, and its pods go after those that they
tolerate: what comes of that shows only while it is still away."""
HIDDEN = (10.0, 40.0, 40.0, 100.0, 320.0)
"""How long what comes on top hides what is below: mostly until somebody acts on what he believes."""
