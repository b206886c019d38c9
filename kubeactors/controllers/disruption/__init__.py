"""Says of each disruption budget how many pods may go.

See `controller.py`; it is reckoned in `plan.py`. Pods that say so of a disruption that did not come: `stale.py`.
"""

from kubeactors.controllers.disruption.controller import DisruptionController

__all__ = ["DisruptionController"]
