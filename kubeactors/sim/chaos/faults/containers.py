"""Faults of containers that start during the fault."""

from typing import Literal

from kubeactors.sim.steps import Lasting

ContainerFailure = Literal["crash", "out-of-memory", "no-image"]
Probed = Literal["startup", "readiness", "liveness"]


class SlowStarts(Lasting, frozen=True, kw_only=True, tag="slow-starts"):
    """Containers on a node start slowly, as if images were pulled over a slow line."""

    node: str


class FailingContainers(Lasting, frozen=True, kw_only=True, tag="failing-containers"):
    """Containers that are created on a node during the fault crash, are OOM-killed, or have no image."""

    node: str
    how: ContainerFailure


class FailingProbes(Lasting, frozen=True, kw_only=True, tag="failing-probes"):
    """Containers that are created on a node during the fault fail one kind of probe.

    They do so from `after` to `seconds`, counted from their start.
    """

    node: str
    probe: Probed
    after: float = 0.0


ContainerFault = SlowStarts | FailingContainers | FailingProbes
