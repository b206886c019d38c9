"""Who may do what, and what people try who are no administrators."""

from typing import Literal

from kubeactors.sim.steps import Action

Person = Literal["alice", "bob"]
Thing = Literal["config-map", "secret", "service", "role"]
"""What rights are about; roles and bindings to them in one."""
Verb = Literal["get", "list", "create", "patch", "delete", "*"]
Extent = Literal["role", "cluster-role", "cluster"]
"""A role of the tenant's namespace; one of the cluster that holds there; one that holds everywhere."""


class Entitle(Action, frozen=True, kw_only=True, tag="entitle"):
    """Give somebody a right, or change what it is a right to."""

    number: int
    """Part of the names of its role and binding."""
    verbs: tuple[Verb, ...]
    thing: Thing
    which: int = 0
    """The number of the one object that it is about; 0 for all."""
    extent: Extent = "role"
    to: Literal["alice", "team"] = "alice"
    """Alice, or a group that all people are in."""


class Disentitle(Action, frozen=True, kw_only=True, tag="disentitle"):
    """Take a right away: its binding, or the role."""

    number: int
    extent: Extent
    role: bool = False


class Act(Action, frozen=True, kw_only=True, tag="act"):
    """Try something, or ask whether one may."""

    person: Person
    verb: Verb
    thing: Thing
    number: int
    asks: bool = False
    elsewhere: bool = False
    """Whether in the namespace `default`."""


class Lend(Action, frozen=True, kw_only=True, tag="lend"):
    """Try to make a role of one's own in the tenant's namespace, and to give it to somebody else."""

    person: Person
    to: Person
    number: int
    """Part of its name."""
    verbs: tuple[Verb, ...]
    thing: Thing


RightAction = Entitle | Disentitle | Act | Lend
