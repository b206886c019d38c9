"""What the server shows: every answer is the truth of one moment, and of none that is too old.

Reckoned from the log of commits, without the server's cache, its selections, or the store's ranges.

Source: "Resource versions" in Kubernetes' documentation of API concepts.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar

from kubeactors.api import SCHEME
from kubeactors.api.core.v1 import Pod
from kubeactors.apimachinery import fieldselector, labels
from kubeactors.apimachinery.fieldselector import Fields
from kubeactors.apimachinery.meta import HasMeta, TypedObject
from kubeactors.apimachinery.requests import ApiRequest, Get, List, ListOptions, ListResult, Result, Watch, WatchStarted
from kubeactors.apimachinery.scheme import Kind
from kubeactors.apimachinery.status import Status
from kubeactors.apiserver.selection import NAME, NODE
from kubeactors.sim.invariants.inspection import key_of
from kubeactors.sim.invariants.invariant import Invariant, ServerInvariant
from kubeactors.sim.network import Served
from kubeactors.sim.world import Commit, World, as_of, since

NOT_FOUND = "NotFound"


class ReadsAreConsistent(ServerInvariant):
    """An object that is read is as it was at some moment since the request came, or since the version that it asks for."""

    name: ClassVar[str] = "reads-are-consistent"
    requests: ClassVar[tuple[type[ApiRequest[object]], ...]] = (Get,)

    def served(self, served: Served, answer: object) -> Iterator[str]:
        """Look for it in what there was."""
        request = served.request
        kind = SCHEME.by_resource(request.resource) if isinstance(request, Get) else None
        if not isinstance(request, Get) or kind is None or not kind.stored or request.subresource:
            return
        history = self.world.histories(kind.type).get((request.namespace, request.name), ())
        states = list(since(history, _oldest(request.resource_version, served.revision)))
        if isinstance(answer, Result) and answer.object not in states:
            yield f"{kind.kind} {request.name} is shown at {answer.object.metadata.resource_version}, as it was not then"
        elif isinstance(answer, Status) and answer.reason == NOT_FOUND and None not in states:
            yield f"{kind.kind} {request.name} is not found, and was there all the time"


def _oldest(version: str, now: int) -> int:
    """The oldest revision that may be shown to who asks for a version at a revision."""
    return now if not version else int(version)


class ListsAreConsistent(ServerInvariant):
    """A list shows all that it was asked for, as it was at the revision that it names, in order, and nothing else.

    So does the one that a watch begins with.
    """

    name: ClassVar[str] = "lists-are-consistent"
    requests: ClassVar[tuple[type[ApiRequest[object]], ...]] = (List, Watch)

    def served(self, served: Served, answer: object) -> Iterator[str]:
        """Put the list together from the log."""
        request, found = served.request, answer.initial if isinstance(answer, WatchStarted) else answer
        if not isinstance(request, List | Watch) or not isinstance(found, ListResult):
            return
        kind = SCHEME.by_resource(request.resource)
        if kind is None or not kind.stored:
            return
        options, revision = request.options, int(found.metadata.resource_version)
        if revision < _oldest(options.resource_version, served.revision) and not options.continue_:
            yield f"a list of {kind.resource} for {options.resource_version or 'now'} shows revision {revision}"
        wanted = _collection(self.world, kind, request, revision)
        yield from _differs(kind.resource, wanted, found, options)


def _collection(world: World, kind: Kind[TypedObject], request: List | Watch, revision: int) -> list[TypedObject]:
    """What there was at a revision of what a list asks for, in the order of keys."""
    there = (as_of(one, revision) for one in _candidates(world, kind, request))
    seen = Sight(kind, request.namespace, request.options)
    return sorted((one for one in there if one is not None and seen.has(one)), key=_place)


def _candidates(world: World, kind: Kind[TypedObject], request: List | Watch) -> Iterable[Sequence[Commit]]:
    """What has become of all that a list may show: of one name, of what was on one node, or of all of a kind."""
    histories, name = world.histories(kind.type), only_name(kind, request)
    node = fieldselector.parse(request.options.field_selector).exact(NODE)
    if name:
        return [histories.get((request.namespace, name), ())]
    if node and kind.type is Pod:
        return [histories[key] for key in dict.fromkeys(key_of(one.current) for one in world.log_of(Pod, node))]
    return histories.values()


def only_name(kind: Kind[TypedObject], request: List | Watch) -> str:
    """The name of the only object that may be shown; empty if there may be several."""
    is_one = bool(request.namespace) or not kind.namespaced
    return (fieldselector.parse(request.options.field_selector).exact(NAME) or "") if is_one else ""


def _place(value: HasMeta) -> str:
    metadata = value.metadata
    return f"{metadata.namespace}/{metadata.name}" if metadata.namespace else metadata.name


def _differs(what: str, wanted: Sequence[TypedObject], answer: ListResult, options: ListOptions) -> Iterator[str]:
    found, left = list(answer.items), answer.metadata.remaining_item_count
    if options.continue_ and not found:
        return  # of what is before it nothing shows how much that was
    skipped = 0
    if options.continue_:
        skipped = next((index for index, one in enumerate(wanted) if one == found[0]), 0)
    if found != list(wanted[skipped : skipped + len(found)]):
        yield f"a list of {what} at {answer.metadata.resource_version} has {_names(found)}, not {_names(wanted)}"
    rest = len(wanted) - skipped - len(found)
    goes_on, selects = bool(answer.metadata.continue_), bool(options.label_selector or options.field_selector)
    if (rest > 0 and not goes_on) or (goes_on and not rest and not selects):  # whether more match is not looked for
        yield f"a list of {what} at {answer.metadata.resource_version} goes on: {goes_on}, and {rest} are left"
    if left is not None and left != rest:
        yield f"a list of {what} says that {left} more follow, and {rest} do"


def _names(values: Sequence[HasMeta]) -> str:
    return ", ".join(f"{_place(one)} at {one.metadata.resource_version}" for one in values) or "nothing"


class Sight:
    """What a request for a collection sees."""

    def __init__(self, kind: Kind[TypedObject], namespace: str, options: ListOptions) -> None:
        self._kind = kind
        self._namespace = namespace
        self._labels = labels.parse(options.label_selector)
        self._fields = fieldselector.parse(options.field_selector)

    def has(self, value: TypedObject) -> bool:
        """Whether an object is part of it."""
        metadata = value.metadata
        return (
            self._namespace in ("", metadata.namespace)
            and self._labels.matches(metadata.labels)
            and (self._fields.empty or self._fields.matches(self._shown(value)))
        )

    def _shown(self, value: TypedObject) -> Fields:
        metadata = value.metadata
        return {"metadata.name": metadata.name, "metadata.namespace": metadata.namespace, **self._kind.fields(value)}


INVARIANTS: tuple[type[Invariant], ...] = (ReadsAreConsistent, ListsAreConsistent)
