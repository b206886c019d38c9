"""Invariants of GET and LIST: every answer is the state at one revision, which is not older than requested.

Computed from the log of commits, without the server's cache and selection or the store's ranges.

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
    """A GET returns the object as of the request's arrival or later; with a resource version, as of that or later."""

    name: ClassVar[str] = "reads-are-consistent"
    requests: ClassVar[tuple[type[ApiRequest[object]], ...]] = (Get,)

    def served(self, served: Served, answer: object) -> Iterator[str]:
        """Look for the answer among the object's states."""
        request = served.request
        kind = SCHEME.by_resource(request.resource) if isinstance(request, Get) else None
        if not isinstance(request, Get) or kind is None or not kind.stored or request.subresource:
            return
        history = self.world.histories(kind.type).get((request.namespace, request.name), ())
        states = list(since(history, _oldest(request.resource_version, served.revision)))
        if isinstance(answer, Result) and answer.object not in states:
            yield (
                f"GET of {kind.kind} {request.name} returned a stale or unknown state, "
                f"at revision {answer.object.metadata.resource_version}"
            )
        elif isinstance(answer, Status) and answer.reason == NOT_FOUND and None not in states:
            yield f"GET of {kind.kind} {request.name} returned NotFound, but it existed all the time"


def _oldest(version: str, now: int) -> int:
    """The oldest revision that may answer a request for a resource version, which arrived at the revision `now`."""
    return now if not version else int(version)


class ListsAreConsistent(ServerInvariant):
    """A LIST, or a watch's initial list, returns exactly the selected objects as of its own revision, in order."""

    name: ClassVar[str] = "lists-are-consistent"
    requests: ClassVar[tuple[type[ApiRequest[object]], ...]] = (List, Watch)

    def served(self, served: Served, answer: object) -> Iterator[str]:
        """Build the expected list from the log."""
        request, found = served.request, answer.initial if isinstance(answer, WatchStarted) else answer
        if not isinstance(request, List | Watch) or not isinstance(found, ListResult):
            return
        kind = SCHEME.by_resource(request.resource)
        if kind is None or not kind.stored:
            return
        options, revision = request.options, int(found.metadata.resource_version)
        if revision < _oldest(options.resource_version, served.revision) and not options.continue_:
            yield (
                f"LIST of {kind.resource} at resource version {options.resource_version or 'latest'} "
                f"was answered from the older revision {revision}"
            )
        wanted = _collection(self.world, kind, request, revision)
        yield from _differs(kind.resource, wanted, found, options)


def _collection(world: World, kind: Kind[TypedObject], request: List | Watch, revision: int) -> list[TypedObject]:
    """The objects that a list selects at a revision, in the order of their keys."""
    there = (as_of(one, revision) for one in _candidates(world, kind, request))
    seen = Sight(kind, request.namespace, request.options)
    return sorted((one for one in there if one is not None and seen.has(one)), key=_place)


def _candidates(world: World, kind: Kind[TypedObject], request: List | Watch) -> Iterable[Sequence[Commit]]:
    """The histories of all objects that a list may show: of one name, of one node's pods, or of a kind."""
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
        return  # an empty page does not show how many objects came before it
    skipped = 0
    if options.continue_:
        skipped = next((index for index, one in enumerate(wanted) if one == found[0]), 0)
    if found != list(wanted[skipped : skipped + len(found)]):
        yield f"LIST of {what} at {answer.metadata.resource_version} returned {_names(found)}, not {_names(wanted)}"
    rest = len(wanted) - skipped - len(found)
    goes_on, selects = bool(answer.metadata.continue_), bool(options.label_selector or options.field_selector)
    if (rest > 0 and not goes_on) or (goes_on and not rest and not selects):  # a selector may match nothing further
        has_token = "has a" if goes_on else "has no"
        yield f"LIST of {what} at {answer.metadata.resource_version} {has_token} continue token, but {rest} objects are left"
    if left is not None and left != rest:
        yield f"LIST of {what} reports remainingItemCount {left}, but {rest} objects are left"


def _names(values: Sequence[HasMeta]) -> str:
    return ", ".join(f"{_place(one)} at {one.metadata.resource_version}" for one in values) or "nothing"


class Sight:
    """What the selectors of a list or watch select."""

    def __init__(self, kind: Kind[TypedObject], namespace: str, options: ListOptions) -> None:
        self._kind = kind
        self._namespace = namespace
        self._labels = labels.parse(options.label_selector)
        self._fields = fieldselector.parse(options.field_selector)
        self._selects_all = not (namespace or options.label_selector or options.field_selector)

    def has(self, value: TypedObject) -> bool:
        """Whether an object is selected."""
        metadata = value.metadata
        return self._selects_all or (
            self._namespace in ("", metadata.namespace)
            and self._labels.matches(metadata.labels)
            and (self._fields.empty or self._fields.matches(self._shown(value)))
        )

    def _shown(self, value: TypedObject) -> Fields:
        metadata = value.metadata
        return {"metadata.name": metadata.name, "metadata.namespace": metadata.namespace, **self._kind.fields(value)}


INVARIANTS: tuple[type[Invariant], ...] = (ReadsAreConsistent, ListsAreConsistent)
