"""An event about a pod or one of its containers."""

import msgspec


class PodEvent(msgspec.Struct, frozen=True, gc=False):
    """An event to record."""

    type: str
    reason: str
    message: str
    field_path: str = ""
    """The container's field path in the pod; empty for events about the pod."""
