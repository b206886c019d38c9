"""What the pods of a workload are like, besides plain."""

from typing import Literal

Trait = Literal["", "helper", "preparation", "sidecar", "spread", "apart", "together", "elsewhere", "port"]
"""They have a second container, one that runs before, one that runs beside; or they are choosy about their node: as many
on each, one on each, all on one, not on the last one, one for each port."""
