"""What several managers say of the same object: each of its own fields, by server-side apply, or by other writes."""

from typing import Literal

from kubeactors.sim.steps import Action

Shared = Literal["ConfigMap", "Service"]
Writing = Literal["apply", "force", "merge", "replace", "overwrite"]
"""Apply; apply, and take from others what they own; patch what is named; read the whole object and write it anew; write it
without a look at what is there, as `kubectl replace` does."""


class Manage(Action, frozen=True, kw_only=True, tag="manage"):
    """Say of an object what it is to be like, in the name of a manager. Whoever applies says all that he wants of it."""

    of: Shared
    name: str
    manager: str
    how: Writing = "apply"
    fields: tuple[str, ...] = ()
    """Which entries: of a config map, or ports of a service."""
    value: str = "1"
    """What is said of each of them."""
    labels: tuple[str, ...] = ()
    rehearsed: bool = False
    """Whether it is only tried: nothing is stored."""


class Unmanage(Action, frozen=True, kw_only=True, tag="unmanage"):
    """Delete such an object."""

    of: Shared
    name: str


ManagementAction = Manage | Unmanage
