"""Jobs: `controller.py` acts, `survey.py` assesses, `plan.py` decides, `tracking.py` counts finished pods."""

from kubeactors.controllers.job.controller import JobController

__all__ = ["JobController"]
