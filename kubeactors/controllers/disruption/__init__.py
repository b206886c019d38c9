"""Says of each disruption budget how many pods may go: see `controller.py`; it is reckoned in `plan.py`."""

from kubeactors.controllers.disruption.controller import DisruptionController

__all__ = ["DisruptionController"]
