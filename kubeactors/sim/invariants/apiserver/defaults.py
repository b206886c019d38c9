"""Invariant of default classes.

Source: "Ingress", "Storage Classes" and "Pod Priority and Preemption" in Kubernetes' documentation (v1.36).
"""

from collections.abc import Iterator
from typing import ClassVar

from kubeactors.actor.cell import Cell
from kubeactors.api.core.v1 import PersistentVolumeClaim, Pod
from kubeactors.api.networking.v1.ingress import Ingress
from kubeactors.api.networking.v1.ingressclass import IngressClass
from kubeactors.api.scheduling.v1 import PriorityClass
from kubeactors.api.storage.v1.storageclass import StorageClass
from kubeactors.apimachinery.meta import HasMeta, TypedObject
from kubeactors.apimachinery.requests import ApiRequest, Create, Result
from kubeactors.sim.invariants.apiserver.server_view import ServerView, State
from kubeactors.sim.invariants.invariant import Invariant, ServerInvariant, title
from kubeactors.sim.network import Served
from kubeactors.sim.world import Commit, World

CLASSES: dict[type[TypedObject], type[TypedObject]] = {
    Ingress: IngressClass, PersistentVolumeClaim: StorageClass, Pod: PriorityClass
}  # fmt: skip
MARKS: dict[type[TypedObject], str] = {
    IngressClass: "ingressclass.kubernetes.io/is-default-class",
    StorageClass: "storageclass.kubernetes.io/is-default-class",
}
"""The annotation of default classes, by kind."""


class DefaultClassesAreAssigned(ServerInvariant):
    """An Ingress or claim without a class gets the newest default class, and a pod the default PriorityClass.

    When all is quiet, no pending claim lacks a class if there is a default one.
    """

    name: ClassVar[str] = "default-classes-are-assigned"
    requests: ClassVar[tuple[type[ApiRequest[object]], ...]] = (Create,)
    answers: ClassVar[tuple[type[object], ...]] = (Result,)
    kinds: ClassVar[tuple[type[TypedObject], ...]] = tuple(CLASSES.values())

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._view = ServerView(world, root)
        self._concerned: dict[type[TypedObject], None] = {}
        """The kinds of classes that have had a default."""

    def committed(self, commit: Commit) -> Iterator[str]:
        """Record the class."""
        self._view.committed(commit)
        if _is_default(commit.current):
            self._concerned[type(commit.current)] = None
        yield from ()

    def served(self, served: Served, answer: object) -> Iterator[str]:
        """Check the class of each created object."""
        request = served.request
        if not isinstance(request, Create) or not isinstance(answer, Result) or request.subresource:
            return
        made, found = answer.object, _class_of(answer.object)
        of = next((of for type_, of in CLASSES.items() if isinstance(made, type_)), None)
        if of is None or of not in self._concerned or _class_of(request.object) is not None:
            return
        if not any(found == _default(of, state) for state in self._view.states()):
            yield f"{made.metadata.namespace}/{made.metadata.name} was given the class {found!r}, which is not the default"

    def settled(self) -> Iterator[str]:
        """Look at each pending claim."""
        if not any(_is_default(one) for one in self.world.of(StorageClass).values()):
            return
        for claim in self.world.of(PersistentVolumeClaim).values():
            if claim.status.phase == "Pending" and claim.spec.storage_class_name is None:
                yield f"{title(claim)} is pending without a class, though there is a default class"


def _is_default(found: TypedObject) -> bool:
    if isinstance(found, PriorityClass):
        return bool(found.global_default)
    return found.metadata.annotations.get(MARKS[type(found)]) == "true"


def _default(of: type[TypedObject], state: State) -> str | None:
    """The name of the newest default class, the first by name of several; None if there is none."""
    found = [one for (type_, _, _), one in state.items() if type_ is of and _is_default(one)]
    newest = max((one.metadata.creation_timestamp or "" for one in found), default="")
    return min((one.metadata.name for one in found if one.metadata.creation_timestamp == newest), default=None)


def _class_of(found: HasMeta) -> str | None:
    match found:
        case Ingress():
            return found.spec.ingress_class_name
        case PersistentVolumeClaim():
            return found.spec.storage_class_name
        case Pod():
            return found.spec.priority_class_name or None
        case _:
            return None


INVARIANTS: tuple[type[Invariant], ...] = (DefaultClassesAreAssigned,)
