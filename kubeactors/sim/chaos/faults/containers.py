"""How containers behave that start meanwhile."""

from typing import Literal

from kubeactors.sim.steps import Lasting

Trouble = Literal["crash", "out-of-memory", "no-image"]
Probed = Literal["startup", "readiness", "liveness"]


class SlowStarts(Lasting, frozen=True, kw_only=True, tag="slow-starts"):
    """Containers on a node take long to start: an image is pulled over a bad line."""

    node: str


class FailingContainers(Lasting, frozen=True, kw_only=True, tag="failing-containers"):
    """Containers that are made on a node in this time are no good: they crash, are killed, or have no image."""

    node: str
    how: Trouble


class FailingProbes(Lasting, frozen=True, kw_only=True, tag="failing-probes"):
    """Containers that are made on a node in this time do not answer one kind of probe until it is over.

    That is counted from their start, as is `after` how many seconds it begins.
    """

    node: str
    probe: Probed
    after: float = 0.0


ContainerFault = SlowStarts | FailingContainers | FailingProbes
