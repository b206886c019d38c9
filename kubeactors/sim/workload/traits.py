"""Special features of a workload's pods."""

from typing import Literal

Trait = Literal[
    "", "helper", "preparation", "sidecar", "hooks", "settings", "spread", "apart", "together", "elsewhere", "port",
    "rather-apart", "rather-together", "rather-there", "rather-spread"
]  # fmt: skip
"""Pods with a second container, an init container, a sidecar; with postStart and preStop hooks; with ConfigMaps and the
downward API as variables and volumes; with placement constraints: topology spread, anti-affinity, affinity, node affinity,
a host port; or with preferences: anti-affinity, affinity, a node, topology spread."""
