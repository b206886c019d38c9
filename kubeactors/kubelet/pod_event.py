"""Something to tell people about a pod, or about one container of it."""

import msgspec


class PodEvent(msgspec.Struct, frozen=True, gc=False):
    """An event, before anybody has written it down."""

    type: str
    reason: str
    message: str
    field_path: str = ""
    """Of the container in the pod; empty if it is about the pod."""
