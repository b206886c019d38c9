"""The states of an actor."""

from enum import Enum


class State(Enum):
    """The states in the life of an actor."""

    NEW = "new"
    STARTING = "starting"
    RUNNING = "running"
    STOPPING = "stopping"
    """Suspended handlers may finish; no more messages are handled."""
    FAILED = "failed"
    STOPPED = "stopped"
