"""Deployments: `controller.py` acts, `plan.py` decides with `revisions.py`, `sizes.py` and `status.py` (pure functions)."""

from kubeactors.controllers.deployment.controller import DeploymentController

__all__ = ["DeploymentController"]
