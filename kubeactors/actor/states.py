"""The states of an actor."""

from enum import Enum


class State(Enum):
    """The life of an actor."""

    NEW = "new"
    STARTING = "starting"
    RUNNING = "running"
    STOPPING = "stopping"
    """Handlers that wait may come to their end; no message is handled any more."""
    FAILED = "failed"
    STOPPED = "stopped"
