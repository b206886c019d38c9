"""Invariant of server-side apply: applied fields take effect unless others own them, and ownership is recorded.

Dry runs store nothing, and return what the write would have resulted in.

Source: "Server-Side Apply" and "Dry-run" in Kubernetes' documentation (v1.36).
"""

from collections.abc import Iterator
from itertools import islice
from typing import ClassVar, TypeAlias

import msgspec

from kubeactors.actor.cell import Cell
from kubeactors.api.core.v1 import ConfigMap, Service
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import APPLY_PATCH, ApiRequest, Patch, Result, Update
from kubeactors.apimachinery.status import Status
from kubeactors.sim.bounds.field_ownership import CONTAINERS, Conflicts, Managed, applied, managed, updated, values_of
from kubeactors.sim.invariants.inspection import commit_behind
from kubeactors.sim.invariants.invariant import Invariant, ServerInvariant, title
from kubeactors.sim.network import Served
from kubeactors.sim.users.field_managers import REHEARSING
from kubeactors.sim.world import Commit, World, since

KINDS: dict[str, type[TypedObject]] = {"configmaps": ConfigMap, "services": Service}
CONFLICTING = "FieldManagerConflict"
WHOLE = tuple("".join(f".{step}" for step in path) for path in CONTAINERS)
"""Paths of containers of values: a manager may still own a container that was removed, and so conflict with its re-creation."""

Write: TypeAlias = Patch | Update


class FieldOwnershipIsTracked(ServerInvariant):
    """After a write by a field manager, values and managedFields are what the rules of server-side apply say."""

    name: ClassVar[str] = "field-ownership-is-tracked"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (ConfigMap, Service)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._explained: dict[int, None] = {}
        """The revisions of writes that some request explains."""
        self._doubtful: list[tuple[int, str]] = []
        """Revisions that a request returned, apparently as a no-op, and the problem if no other request explains them."""

    def committed(self, commit: Commit) -> Iterator[str]:
        """A dry run must not be stored."""
        found = commit.new
        if found is not None and any(one.manager.startswith(REHEARSING) for one in found.metadata.managed_fields):
            yield f"{title(found)}: a dry run was stored"

    def served(self, served: Served, answer: object) -> Iterator[str]:
        """Check the answer to each write with a field manager."""
        request: ApiRequest[object] = served.request
        if not isinstance(request, Write) or request.subresource or not request.options.field_manager:
            return
        type_ = KINDS.get(request.resource.resource)
        if type_ is None or request.resource.group:
            return
        for problem in self._problems(served, request, type_, answer):
            yield f"{described(request)}: {problem}"

    def _problems(self, served: Served, request: Write, type_: type[TypedObject], answer: object) -> Iterator[str]:
        if isinstance(answer, Result) and isinstance(answer.object, TypedObject):
            yield from self._wrong(served, request, type_, answer.object)
        elif isinstance(answer, Status) and answer.details is not None and request_applies(request):
            refused = any(one.reason == CONFLICTING and one.field not in WHOLE for one in answer.details.causes)
            states = self._since(served, request, type_)
            if refused and not any(isinstance(_expected(managed(one), request), Conflicts) for one in states):
                yield f"it was rejected with a conflict, though no other manager owns the changed fields: {answer.message}"

    def _wrong(self, served: Served, request: Write, type_: type[TypedObject], answer: TypedObject) -> Iterator[str]:
        """What differs from the expected result, whichever state the write was based on."""
        if request.options.dry_run:
            found = [list(_differences(managed(one), request, answer)) for one in self._since(served, request, type_)]
            yield from found[-1][:1] if all(found) else ()
            return
        commit = commit_behind(self.world, answer)
        if commit is None or commit.revision <= served.revision:  # there was nothing to write
            yield from islice(_differences(managed(answer), request, answer), 1)
            return
        problem = next(_differences(managed(commit.old), request, answer), "")
        if not problem:
            self._explained[commit.revision] = None
        elif next(_differences(managed(answer), request, answer), ""):
            yield problem
        else:
            self._doubtful.append((commit.revision, f"{described(request)}: {problem}"))

    def looked(self) -> Iterator[str]:
        """Report doubtful revisions that no other request has explained."""
        doubtful, self._doubtful = self._doubtful, []
        yield from (problem for revision, problem in doubtful if revision not in self._explained)

    def _since(self, served: Served, request: Write, type_: type[TypedObject]) -> list[TypedObject | None]:
        history = self.world.histories(type_).get((request.namespace, request.name), [])
        return list(since(history, served.revision))


def described(request: Write) -> str:
    """A write, for messages."""
    return f"{request.options.field_manager} writes {request.resource.resource} {request.namespace}/{request.name}"


def request_applies(request: Write) -> bool:
    """Whether it is a server-side apply."""
    return isinstance(request, Patch) and request.patch_type == APPLY_PATCH


def _expected(live: Managed, request: Write) -> Managed | Conflicts | None:
    """The result of an apply; None for other writes, whose resulting values are those that they write."""
    if not isinstance(request, Patch) or not request_applies(request):
        return None
    wanted = values_of(msgspec.json.decode(request.patch, type=dict[str, object]))
    return applied(live, request.options.field_manager, wanted, force=bool(request.options.force))


def _differences(live: Managed, request: Write, answer: TypedObject) -> Iterator[str]:
    """How the answer differs from the expected result of the write on `live`."""
    real = managed(answer)
    expected = _expected(live, request)
    if isinstance(expected, Conflicts):
        yield f"it was accepted, though {expected.owners} own fields that it changes"
        return
    if expected is None:
        if not answer.metadata.managed_fields:
            return  # no earlier write had a field manager
        expected = updated(live, request.options.field_manager, real.values)
    for path, value in expected.values.items():
        if real.values.get(path) != value:
            yield f"{path} is {real.values.get(path)!r}, but should be {value!r}"
    owned = [path for paths in real.owners.values() for path in paths]
    for path in real.values:
        if path not in expected.values and path in owned:
            yield f"{path} is {real.values[path]!r}, but should be absent"
    for manager in dict.fromkeys((*expected.owners, *real.owners)):
        wanted, found = expected.owners.get(manager, {}), real.owners.get(manager, {})
        if wanted != found:
            yield f"{manager} owns {sorted(found)}, but should own {sorted(wanted)}"


INVARIANTS: tuple[type[Invariant], ...] = (FieldOwnershipIsTracked,)
