"""What the pods of a workload are like, besides plain."""

from typing import Literal

Trait = Literal[
    "", "helper", "preparation", "sidecar", "hooks", "settings", "spread", "apart", "together", "elsewhere", "port",
    "rather-apart", "rather-together", "rather-there", "rather-spread"
]  # fmt: skip
"""They have a second container, one that runs before, one that runs beside; do something when they have begun and before
they end; need what a config map says, and know their own name and address; or they are choosy about their node: as many
on each, one on each, all on one, not on the last one, one for each port; or would rather not be beside their like, or
beside it, or on a certain node, or as many on each, and go elsewhere if that is not to be."""
