"""Creates jobs at the times of a schedule.

See `controller.py`; when and which is decided in `plan.py`, by the times that `times.py` reads from the schedule.
"""

from kubeactors.controllers.cronjob.controller import CronJobController

__all__ = ["CronJobController"]
