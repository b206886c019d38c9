"""The messages of the scheduler."""

from typing import TypeAlias

from kubeactors.client import Notify
from kubeactors.message import Message
from kubeactors.scheduler.explanation import ExplainScheduling
from kubeactors.scheduler.results import Status


class Cycle(Message, frozen=True):
    """Sent to itself: run a worker's turn of scheduling cycles."""


class Flush(Message, frozen=True):
    """Sent to itself by a timer: the backoff of a pod, or the timeout of a waiting pod, is over."""


class GoOn(Message, frozen=True):
    """Sent to itself: bind an assumed pod, or reject it."""

    uid: str
    refusal: Status | None = None


SchedulerMessage: TypeAlias = Notify | Cycle | Flush | GoOn | ExplainScheduling
