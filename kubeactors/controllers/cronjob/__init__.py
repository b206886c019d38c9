"""CronJobs: `controller.py` acts, `plan.py` decides, `times.py` computes the times of a schedule."""

from kubeactors.controllers.cronjob.controller import CronJobController

__all__ = ["CronJobController"]
