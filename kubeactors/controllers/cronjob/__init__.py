"""Creates jobs at the times of a schedule: see `controller.py`; when and which is decided in `plan.py`."""

from kubeactors.controllers.cronjob.controller import CronJobController

__all__ = ["CronJobController"]
