"""The progress of a run, readable while it runs."""

import msgspec

from kubeactors.cluster.bench.result import Sample


class Progress(msgspec.Struct):
    """The measurements so far."""

    phase: str = "boot"
    """The current step, in words."""
    step: int = 0
    steps: int = 0
    nodes: int = 0
    wanted: int = 0
    """The number of pods wanted by the waves so far."""
    good: int = 0
    """The number of good ones among them."""
    sample: Sample | None = None
    """The newest sample."""
    elapsed: float = 0.0
    api_p99: float = 0.0
    """Of all requests of the scenario so far, in seconds."""
