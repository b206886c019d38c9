"""Invariant of writes: an acknowledged write does what was requested, under its preconditions, and nothing else.

Computed from the log of commits and the request. Additional changes may come from defaults, admission, and fields that only
the server sets.

Source: apiserver/pkg/registry/generic/registry/store.go, "Optimistic concurrency" in api-conventions.md (v1.36).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar, TypeAlias, cast

import msgspec
from msgspec.structs import replace

from kubeactors.api import SCHEME
from kubeactors.api.core.v1.persistentvolume import PersistentVolumeStatus
from kubeactors.apimachinery.meta import HasMeta, ObjectMeta, TypedObject
from kubeactors.apimachinery.requests import (
    APPLY_PATCH,
    JSON_PATCH,
    ApiRequest,
    Create,
    Delete,
    Patch,
    Result,
    Update,
)
from kubeactors.apimachinery.status import Status
from kubeactors.sim.invariants.invariant import Invariant, ServerInvariant, title
from kubeactors.sim.network import Served
from kubeactors.sim.world import Commit, since

SUCCESS, FAILURE = "Success", "Failure"
NOT_FOUND, EXISTS, CONFLICT = "NotFound", "AlreadyExists", "Conflict"
MODIFIED = "the object has been modified"
STATUS = "status"
ANY_VERSION = ("", "0")

KEPT = ("labels", "annotations", "finalizers", "owner_references")
"""The parts of metadata that belong to clients."""
TEMPLATE_GENERATION = "deprecated.daemonset.template.generation"

ANSWERED_ONLY = ("authentication.k8s.io", "authorization.k8s.io")
"""The API groups of reviews, which are answered and never stored."""

NOTHING: Mapping[str, object] = {}

Write: TypeAlias = Create | Update | Patch | Delete


class _Case:
    """A write, and the states of its object since it arrived."""

    def __init__(self, served: Served, request: Write, history: Sequence[Commit]) -> None:
        self.request: Write = request
        self.history: Sequence[Commit] = history
        self.states: list[TypedObject | None] = list(since(history, served.revision))
        """The object's states from the arrival of the request on."""
        self.before: int = served.revision

    def commit_of(self, shown: HasMeta) -> Commit | None:
        """The commit that wrote this state."""
        return next((one for one in reversed(self.history) if one.new == shown), None)

    def described(self) -> str:
        """The request, for messages."""
        request = self.request
        part = f"/{request.subresource}" if request.subresource else ""
        verb, name = type(request).__name__.lower(), _name(request)
        return f"{verb} of {request.resource.resource}{part} {request.namespace}/{name}"


def _name(request: ApiRequest[object]) -> str:
    return request.object.metadata.name if isinstance(request, Create) else request.name


class AcknowledgedWritesAreApplied(ServerInvariant):
    """An acknowledged write is in the store, its preconditions held, and it changed only what was requested.

    A NotFound, AlreadyExists or Conflict was true at some moment since the request arrived.
    """

    name: ClassVar[str] = "acknowledged-writes-are-applied"

    def served(self, served: Served, answer: object) -> Iterator[str]:
        """Compare the answer with the log."""
        request = served.request
        if not isinstance(request, Write) or request.subresource not in ("", STATUS) or _is_dry(request):
            return
        kind = SCHEME.by_resource(request.resource)
        if kind is None or not kind.stored or kind.has_webhook_conversion or request.resource.group in ANSWERED_ONLY:
            return
        name = answer.object.metadata.name if isinstance(answer, Result) else _name(request)
        namespace = request.namespace if kind.namespaced else ""
        case = _Case(served, request, self.world.histories(kind.type).get((namespace, name), ()))
        problems = (
            _acknowledged(case, answer) if isinstance(answer, Result) else _status_only(case, cast("Status", answer))
        )
        for problem in problems:
            yield f"{case.described()}: {problem}"


def _is_dry(request: Write) -> bool:
    return bool(request.options.dry_run)


# Success.


def _acknowledged(case: _Case, answer: Result) -> Iterator[str]:
    shown = answer.object
    commit = case.commit_of(shown)
    if commit is None:
        if not isinstance(case.request, Update | Patch) or not _has_gone(case, shown.metadata):
            yield f"it returned {shown.metadata.name} at {shown.metadata.resource_version}, which was never written"
        return
    new = commit.new
    assert new is not None, "it equals the answer"
    if commit.revision <= case.before and new not in case.states:
        yield f"it returned revision {commit.revision}, which was outdated when the request arrived"
        return
    before = commit.old if commit.revision > case.before else new
    match case.request:
        case Create():
            if before is not None:
                yield f"{title(before)} existed already"
            yield from _created(case.request, new)
        case Update():
            yield from _at_version(case.request.object.metadata, before)
            yield from _updated(case.request, new)
            yield from _left_alone(case.request, before, new)
        case Patch():
            yield from _patched(case.request, new)
            yield from _left_alone(case.request, before, new)
        case Delete():
            if new.metadata.deletion_timestamp is None:  # some kinds return the last state of the deleted object
                yield from _is_gone(case, case.request)
            else:
                yield from _meant(case.request, before)


def _has_gone(case: _Case, metadata: ObjectMeta) -> bool:
    """Whether this write removed the object, because it removed the last finalizer."""
    there = [one.metadata.uid for one in case.states if one is not None]
    return None in case.states and metadata.uid in there


def _at_version(asked: ObjectMeta, before: TypedObject | None) -> Iterator[str]:
    """Violated preconditions of an update; none if it created the object, as updates of some kinds do."""
    if before is None:
        return
    version = before.metadata.resource_version
    if asked.resource_version not in (*ANY_VERSION, version):
        yield f"its precondition was resource version {asked.resource_version}, but the object was at {version}"
    if asked.uid not in ("", before.metadata.uid):
        yield f"its precondition was uid {asked.uid}, but the object's was {before.metadata.uid}"


def _meant(request: Delete, before: TypedObject | None) -> Iterator[str]:
    wanted = request.options.preconditions
    if wanted is None or before is None:
        return
    if wanted.uid not in (None, before.metadata.uid):
        yield f"its precondition was uid {wanted.uid}, but {before.metadata.uid} was deleted"
    if wanted.resource_version not in (None, before.metadata.resource_version):
        yield f"its precondition was version {wanted.resource_version}, but {before.metadata.resource_version} was deleted"


def _created(request: Create, new: TypedObject) -> Iterator[str]:
    asked = _with_defaults(cast("TypedObject", request.object))
    if not (_has_metadata(asked, new) and _has_content(asked, new)):
        yield from _lacks(_content(asked), _plain(new))


def _updated(request: Update, new: TypedObject) -> Iterator[str]:
    asked = cast("TypedObject", request.object)
    if request.subresource == STATUS:
        before, after = _status(asked), _status(new)
        if before != after:
            yield f"the status is {after}, not {before}"
        return
    if _has_metadata(asked, new) and _has_content(asked, new):
        return
    for name in KEPT:
        before, after = _said(getattr(asked.metadata, name)), _said(getattr(new.metadata, name))
        if before != after:
            yield f"its {name} are {after}, not {before}"
    yield from _lacks(_content(_with_defaults(asked)), _plain(new))


def _has_metadata(asked: TypedObject, new: TypedObject) -> bool:
    """Whether the clients' part of metadata is exactly as requested: the usual case, as below."""
    return all(getattr(asked.metadata, name) == getattr(new.metadata, name) for name in KEPT)


def _has_content(asked: TypedObject, new: TypedObject) -> bool:
    """Whether the content is exactly as requested: the usual case, and quick to check."""
    return type(asked) is type(new) and all(
        getattr(asked, name) == getattr(new, name)
        for name in asked.__struct_fields__
        if name not in (STATUS, "metadata")
    )


def _status(value: TypedObject) -> object:
    """The part of the status that clients set: the server sets a volume's phase transition time."""
    status = getattr(value, STATUS, None)
    return replace(status, last_phase_transition_time=None) if isinstance(status, PersistentVolumeStatus) else status


def _said(value: object) -> object:
    """The part of a metadata field that clients set: the server sets the template generation of daemon sets."""
    if not isinstance(value, dict):
        return value
    return {key: one for key, one in cast("dict[str, str]", value).items() if key != TEMPLATE_GENERATION}


def _left_alone(request: Update | Patch, before: TypedObject | None, new: TypedObject) -> Iterator[str]:
    """Changes of the spec by a write of the status, and the other way round."""
    other = "spec" if request.subresource == STATUS else STATUS
    if before is None or getattr(before, other, None) == getattr(new, other, None):
        return
    if _has_status(before) and not _is_there(request, before):
        yield f"it also changed the {other}, from {getattr(before, other)} to {getattr(new, other)}"


def _has_status(value: TypedObject) -> bool:
    kind = SCHEME.by_kind(value.api_version, value.kind)
    return kind is not None and STATUS in kind.subresources


def _patched(request: Patch, new: TypedObject) -> Iterator[str]:
    if request.patch_type in (JSON_PATCH, APPLY_PATCH):
        return
    wanted = cast("dict[str, object]", msgspec.json.decode(request.patch))
    metadata = cast("dict[str, object]", wanted.pop("metadata", {}))
    version = metadata.pop("resourceVersion", None)
    del version
    if request.subresource == STATUS:
        wanted = {STATUS: wanted.get(STATUS) or NOTHING}  # an empty status gets the kind's defaults
    else:
        wanted.pop(STATUS, None)
        wanted["metadata"] = metadata
    yield from _lacks(wanted, _plain(new))


def _is_there(request: Update | Patch, before: TypedObject) -> bool:
    """Whether a patch changed nothing: then the change since `before` was another write."""
    if not isinstance(request, Patch) or request.patch_type in (JSON_PATCH, APPLY_PATCH):
        return False
    takes = b'"$' in request.patch and _takes_away(msgspec.json.decode(request.patch), _plain(before))
    return not takes and not any(True for _ in _patched(request, before))


def _takes_away(patch: object, found: object) -> bool:
    """Whether a directive of a strategic merge patch removes something that exists.

    >>> held = {"finalizers": ["orphan"], "ownerReferences": [{"uid": "a", "name": "web"}]}
    >>> _takes_away({"$deleteFromPrimitiveList/finalizers": ["orphan"]}, held)
    True
    >>> _takes_away({"ownerReferences": [{"$patch": "delete", "uid": "b"}]}, held)
    False
    """
    if not isinstance(patch, Mapping):
        return False
    there = cast("Mapping[str, object]", found) if isinstance(found, Mapping) else NOTHING
    for key, one in cast("Mapping[str, object]", patch).items():
        directive, _, name = key.partition("/")
        items = cast("Sequence[object]", there.get(name or key) or ())
        if directive == "$deleteFromPrimitiveList":
            if any(value in items for value in cast("Sequence[object]", one)):
                return True
        elif key.startswith("$"):
            return True  # the effect of other directives is unknown here
        elif isinstance(one, list):
            gone = (item for item in cast("Sequence[object]", one) if _is_directive(item))
            if any(_names(cast("Mapping[str, object]", item), items) for item in gone):
                return True
        elif _takes_away(one, there.get(key)):
            return True
    return False


def _names(directive: Mapping[str, object], items: Sequence[object]) -> bool:
    """Whether a directive refers to an existing item of a list."""
    keys = {key: value for key, value in directive.items() if not key.startswith("$")}
    return any(isinstance(one, Mapping) and keys.items() <= one.items() for one in items)


def _with_defaults(value: TypedObject) -> TypedObject:
    kind = SCHEME.by_kind(value.api_version, value.kind)
    return kind.default(value) if kind is not None else value


def _content(value: TypedObject) -> dict[str, object]:
    """The fields of an object that clients set."""
    given = _plain(value)
    given.pop(STATUS, None)
    metadata = cast("dict[str, object]", given.pop("metadata"))
    said = {name: _said(one) for name, one in metadata.items() if name in ("labels", "annotations", "ownerReferences")}
    return {**given, "metadata": said}


def _plain(value: HasMeta) -> dict[str, object]:
    return cast("dict[str, object]", msgspec.to_builtins(value))


def _lacks(wanted: object, found: object, place: str = "it") -> Iterator[str]:
    """What was requested and is missing. Items of a list may be in any order."""
    if wanted == found:
        return
    if isinstance(wanted, Mapping):
        there = cast("Mapping[str, object]", found) if isinstance(found, Mapping) else NOTHING
        for key, one in cast("Mapping[str, object]", wanted).items():
            if not key.startswith("$"):
                yield from _lacks(one, there.get(key), f"{place}.{key}")
    elif isinstance(wanted, list | tuple):
        items = cast("Sequence[object]", found) if isinstance(found, list | tuple) else ()
        for one in cast("Sequence[object]", wanted):
            if not _is_directive(one) and not any(not any(True for _ in _lacks(one, other)) for other in items):
                yield f"{place} lacks {one}"
    elif wanted != found and (found if wanted is None else wanted != ""):
        yield f"{place} is {found}, not {wanted}"


def _is_directive(item: object) -> bool:
    return isinstance(item, Mapping) and "$patch" in cast("Mapping[str, object]", item)


# Rejections, and completed deletions.


def _status_only(case: _Case, answer: Status) -> Iterator[str]:
    if answer.status == SUCCESS:
        if isinstance(case.request, Delete):
            yield from _is_gone(case, case.request)
        return
    asked = case.request.object.metadata if isinstance(case.request, Update) else None
    match answer.reason:
        case "NotFound" if None not in case.states and not isinstance(case.request, Create):
            yield "it was rejected with NotFound, but the object existed all the time"
        case "AlreadyExists" if not any(case.states):
            yield "it was rejected with AlreadyExists, but the object never existed meanwhile"
        case "Conflict" if asked is not None and MODIFIED in answer.message:
            if all(one is not None and one.metadata.resource_version == asked.resource_version for one in case.states):
                yield f"it was rejected with Conflict, but the object was at {asked.resource_version} all the time"
        case _:
            pass


def _is_gone(case: _Case, request: Delete) -> Iterator[str]:
    if None not in case.states:
        yield "it was acknowledged as deleted, but the object existed all the time"
    else:
        last = next((one for one in case.states if one is not None), None)
        yield from _meant(request, last) if len(case.states) == 2 else ()


INVARIANTS: tuple[type[Invariant], ...] = (AcknowledgedWritesAreApplied,)
