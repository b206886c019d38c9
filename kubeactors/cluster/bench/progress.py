"""How far a run is: readable while it runs."""

import msgspec

from kubeactors.cluster.bench.result import Sample


class Progress(msgspec.Struct):
    """What has been measured so far."""

    phase: str = "boot"
    """The step under way, in words."""
    step: int = 0
    steps: int = 0
    nodes: int = 0
    wanted: int = 0
    """Pods that the waves so far want."""
    good: int = 0
    """Pods that are as wanted."""
    sample: Sample | None = None
    """The newest look at the cluster."""
    elapsed: float = 0.0
    api_p99: float = 0.0
    """Of all requests of the scenario so far."""
