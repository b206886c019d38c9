"""Writes of several field managers to the same object, by server-side apply or otherwise."""

from typing import Literal

from kubeactors.sim.steps import Action

Shared = Literal["ConfigMap", "Service"]
Writing = Literal["apply", "force", "merge", "replace", "overwrite"]
"""Apply; force-apply; merge patch; read, modify and update; update without a resource version, as `kubectl replace`."""


class WriteAsManager(Action, frozen=True, kw_only=True, tag="write-as-manager"):
    """Write an object as a field manager. An apply has all the fields that the manager wants."""

    of: Shared
    name: str
    manager: str
    how: Writing = "apply"
    fields: tuple[str, ...] = ()
    """The entries of a ConfigMap, or the ports of a Service."""
    value: str = "1"
    """The value of each of them."""
    labels: tuple[str, ...] = ()
    rehearsed: bool = False
    """Whether it is a dry run."""


class DeleteManagedObject(Action, frozen=True, kw_only=True, tag="delete-managed-object"):
    """Delete such an object."""

    of: Shared
    name: str


ManagementAction = WriteAsManager | DeleteManagedObject
