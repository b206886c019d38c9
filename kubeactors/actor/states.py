"""The states of an actor."""

from enum import Enum


class State(Enum):
    """The life of an actor."""

    NEW = "new"
    STARTING = "starting"
    RUNNING = "running"
    FAILED = "failed"
    STOPPED = "stopped"
