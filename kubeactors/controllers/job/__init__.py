"""Runs pods until enough of them have succeeded: see `controller.py`; what to do is decided in `plan.py`."""

from kubeactors.controllers.job.controller import JobController

__all__ = ["JobController"]
