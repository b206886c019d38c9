"""NodeVolumeLimits: a node can attach only so many volumes of a driver.

Source: pkg/scheduler/framework/plugins/nodevolumelimits/csi.go (v1.36).
"""


class NodeVolumeLimits:
    """How many is said by CSINodes. This cluster has none of them, and without one a node has no limit."""

    name = "NodeVolumeLimits"
