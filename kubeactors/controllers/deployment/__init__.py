"""Deployments: see `controller.py` (what happens and what is done) and `plan.py` with its helpers (what to do; pure)."""

from kubeactors.controllers.deployment.controller import DeploymentController

__all__ = ["DeploymentController"]
