"""PodDisruptionBudgets: `controller.py` acts, `plan.py` computes the allowed disruptions.

`stale.py` is about DisruptionTarget conditions of pods that were not disrupted after all.
"""

from kubeactors.controllers.disruption.controller import DisruptionController

__all__ = ["DisruptionController"]
