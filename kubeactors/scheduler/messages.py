"""What the scheduler is told, and what it tells itself."""

from typing import TypeAlias

from kubeactors.client import Notify
from kubeactors.message import Message
from kubeactors.scheduler.explanation import ExplainScheduling
from kubeactors.scheduler.framework import Status


class Cycle(Message, frozen=True):
    """A worker tells itself: place pods."""


class Flush(Message, frozen=True):
    """The scheduler tells itself: the back-off of a pod has ended, or the patience of a plugin."""


class GoOn(Message, frozen=True):
    """The scheduler tells itself: bind the pod that has its place, or take the place away from it."""

    uid: str
    refusal: Status | None = None


SchedulerMessage: TypeAlias = Notify | Cycle | Flush | GoOn | ExplainScheduling
