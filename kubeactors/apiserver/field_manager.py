"""The field manager: managed fields after each write, and server-side apply.

Objects that no client with a manager name has written have no managed fields, and cost nothing here: components of this
process create thousands of pods, and nobody applies to those. From the first such write on, all writes are tracked.

Source: apimachinery/pkg/util/managedfields, apiserver/pkg/endpoints/handlers/patch.go (v1.36).
"""

from typing import TypeVar, cast

import msgspec
from msgspec.structs import replace

from kubeactors.apimachinery import managedfields, serializer
from kubeactors.apimachinery.field import quoted
from kubeactors.apimachinery.findings import DecodeError
from kubeactors.apimachinery.managedfields import APPLY, UPDATE, Conflict, ConflictsError, Managed, MisfitError, Owner
from kubeactors.apimachinery.managedfields.compare import compare
from kubeactors.apimachinery.managedfields.elements import ElementError
from kubeactors.apimachinery.managedfields.fieldset import FieldSet, difference, has, named, of_paths, union
from kubeactors.apimachinery.managedfields.schema import Node, schema_of
from kubeactors.apimachinery.managedfields.updater import Write
from kubeactors.apimachinery.managedfields.walks import fields_of
from kubeactors.apimachinery.meta import ManagedFieldsEntry, ObjectMeta, TypedObject
from kubeactors.apimachinery.scheme import Kind
from kubeactors.apimachinery.status import BadRequest, StatusCause, StatusDetails, StatusError
from kubeactors.apimachinery.status import Conflict as ConflictRefusal
from kubeactors.apiserver.admission.plugin import Attributes
from kubeactors.apiserver.objects import with_metadata
from kubeactors.apiserver.registry.metadata import Environment
from kubeactors.apiserver.status_memo import Entries, StatusMemo, change_of

T = TypeVar("T", bound=TypedObject)
Document = dict[str, object]

BINDING = "binding"
"""The subresource of bindings. They are not tracked."""

KUBECTL = "kubectl"
BEFORE_FIRST_APPLY = "before-first-apply"
UNKNOWN = "unknown"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
MAX_ANNOTATION_BYTES = 262144

_RESET = (ManagedFieldsEntry(),)
"""The value that clients send to clear managed fields."""
_STATUS, _SPEC = of_paths(named("status")), of_paths(named("spec"))


MADE = 1024
"""The number of combinations of kind, namespace and manager for which the last new object is remembered."""


class _Made:
    """The managed fields of a new object, which hold for any other that differs in its name alone.

    Pods of one template share their spec; so they share its managed fields, too.
    """

    __slots__ = ("_metadata", "_parts", "_value", "entries")

    def __init__(self, value: TypedObject, entries: tuple[ManagedFieldsEntry, ...]) -> None:
        self._value = value
        self._metadata = _nameless(value.metadata)
        self._parts = tuple(one for one in type(value).__struct_fields__ if one != "metadata")
        self.entries = entries

    def is_like(self, value: TypedObject) -> bool:
        """Whether all but the name is equal. Shared parts are the very same object, and quickly compared."""
        pairs = ((getattr(self._value, one), getattr(value, one)) for one in self._parts)
        return all(one is other or one == other for one, other in pairs) and _nameless(value.metadata) == self._metadata


def _nameless(metadata: ObjectMeta) -> ObjectMeta:
    return replace(metadata, name="", managed_fields=())


class FieldManager:
    """Maintains `metadata.managedFields`."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._made: dict[tuple[str, str, str, str], _Made] = {}
        self._status_memo = StatusMemo()

    def of_new(self, value: T, attributes: Attributes) -> T:
        """A new object, owned by the manager that creates it."""
        if not attributes.manager:
            return value
        given = value.metadata.managed_fields
        if given and given != _RESET:
            return self._owned_new(value, attributes, _decoded(given))
        key = (type(value).__name__, attributes.kind.api_version, value.metadata.namespace, attributes.manager)
        made = self._made.get(key)
        if made is None or not made.is_like(value):
            owned = self._owned_new(value, attributes, {})
            if len(self._made) >= MADE:
                self._made.clear()
            self._made[key] = _Made(value, owned.metadata.managed_fields)
            return owned
        time = self._environment.timestamp()
        entries = tuple(one if one.time == time else replace(one, time=time) for one in made.entries)
        return with_metadata(value, replace(value.metadata, managed_fields=entries))

    def _owned_new(self, value: T, attributes: Attributes, managed: Managed) -> T:
        write = self._write(attributes, _owner(attributes, attributes.manager, UPDATE))
        try:
            managed = managedfields.update(_document(attributes.kind.type()), _document(value), managed, write)
        except ElementError:
            return value  # validation reports list items that cannot be told apart
        return _with_managed(value, managed)

    def of_change(self, new: T, old: T, attributes: Attributes) -> T:
        """A changed object; a changed field belongs to the manager that changed it. Either state has managed fields."""
        if attributes.applies or attributes.subresource == BINDING:
            return new
        owner = _owner(attributes, attributes.manager or _component(attributes.user.name), UPDATE)
        try:
            entries = self._entries(new, old, attributes, owner)
        except ElementError:
            entries = old.metadata.managed_fields
        return _with_entries(new, entries)

    def _entries(self, new: TypedObject, old: TypedObject, attributes: Attributes, owner: Owner) -> Entries:
        """The managed fields after a change.

        Raises:
            ElementError: list items cannot be told apart.
        """
        write = self._write(attributes, owner)
        change = change_of(new, old, owner) if attributes.subresource == "status" else None
        if change is None:
            return _after(new, old, attributes, write)
        return self._status_memo.entries(
            change, write.time, lambda time: _after(new, old, attributes, replace(write, time=time))
        )

    def applied(self, live: TypedObject | None, patch: bytes, attributes: Attributes, *, force: bool) -> TypedObject:
        """The object with a configuration applied.

        Raises:
            BadRequest: the configuration is of another kind, or has managed fields.
            Conflict: other managers own fields that it changes, and `force` is not set.
            StatusError: it does not match the schema of the kind.
        """
        kind = attributes.kind
        config = _configuration(patch, kind)
        node = _places(kind)
        try:
            managedfields.check(config, node)
        except MisfitError as error:
            said = f"failed to create typed patch object ({_name_of(config, kind)}): {error}"
            raise StatusError.saying(said) from error
        current = kind.type() if live is None else live
        document, managed = _document(current), _decoded(current.metadata.managed_fields)
        if not managed and live is not None:
            managed = self._before_first_apply(live, attributes)
        write = self._write(attributes, _owner(attributes, attributes.manager, APPLY))
        try:
            made, managed = managedfields.apply(document, config, managed, write, force=force)
        except ConflictsError as error:
            left = _not_allowed(error.conflicts, document, node) if attributes.manager == KUBECTL else error.conflicts
            if left:
                raise _refusal(left) from error
            made, managed = managedfields.apply(document, config, managed, write, force=True)
        if attributes.manager == KUBECTL:
            made = _with_last_applied(document if made is None else made, config)
        return _with_managed(current if made is None else _object(made, kind), managed)

    def _before_first_apply(self, live: TypedObject, attributes: Attributes) -> Managed:
        """The managed fields of an object that had none: all its fields belong to `before-first-apply`."""
        write = self._write(attributes, _owner(attributes, BEFORE_FIRST_APPLY, UPDATE))
        return managedfields.update(_document(attributes.kind.type()), _document(live), {}, write)

    def _write(self, attributes: Attributes, owner: Owner) -> Write:
        kind = attributes.kind
        return Write(
            node=_places(kind),
            owner=owner,
            api_version=kind.api_version,
            time=None if attributes.written_through else self._environment.timestamp(),
            ignored=_ignored(kind, attributes.subresource),
        )


def is_same(new: TypedObject, old: TypedObject) -> bool:
    """Whether two objects differ only in the times of managed fields, so that there is nothing to write.

    Source: apiserver/pkg/endpoints/handlers/fieldmanager/equality.go (v1.36).
    """
    entries, before = new.metadata.managed_fields, old.metadata.managed_fields
    if entries == before or len(entries) != len(before):
        return False
    times = (one.time for one in before)
    if tuple(replace(one, time=time) for one, time in zip(entries, times, strict=True)) != before:
        return False
    return with_metadata(new, replace(new.metadata, managed_fields=before)) == old


def _places(kind: Kind[TypedObject]) -> Node:
    return schema_of(kind.type) if kind.ownership is None else kind.ownership


def _ignored(kind: Kind[TypedObject], subresource: str) -> FieldSet:
    """The fields that a write to a subresource cannot change."""
    if "status" not in kind.subresources:
        return {}
    return _SPEC if subresource == "status" else _STATUS


def _owner(attributes: Attributes, manager: str, operation: str) -> Owner:
    version = "" if operation == APPLY else attributes.kind.api_version
    return Owner(manager or UNKNOWN, operation, version, attributes.written_through or attributes.subresource)


def _component(user: str) -> str:
    """The manager name of a component of this process: its user name without the prefix.

    >>> _component("system:kube-scheduler"), _component("system:node:node-1")
    ('kube-scheduler', 'kubelet')
    """
    if user.startswith("system:node:"):
        return "kubelet"
    if user.startswith("system:serviceaccount:kube-system:"):
        return "kube-controller-manager"
    return user.removeprefix("system:")


def _known(new: TypedObject, old: TypedObject, attributes: Attributes) -> Managed:
    """The managed fields to start from: those of the new object if it has any."""
    given = new.metadata.managed_fields
    if attributes.subresource or not given or given is old.metadata.managed_fields:
        return _decoded(old.metadata.managed_fields)
    if given == _RESET:
        return {}
    return _decoded(given) or _decoded(old.metadata.managed_fields)


def _decoded(entries: tuple[ManagedFieldsEntry, ...]) -> Managed:
    try:
        return managedfields.decode(entries)
    except ValueError:
        return {}


def _with_managed(value: T, managed: Managed) -> T:
    return _with_entries(value, managedfields.encode(managed))


def _with_entries(value: T, entries: Entries) -> T:
    if entries == value.metadata.managed_fields:
        return value
    return with_metadata(value, replace(value.metadata, managed_fields=entries))


def _document(value: TypedObject) -> Document:
    """The object as dicts and lists, without managed fields."""
    document = serializer.to_builtins(value)
    cast("Document", document["metadata"]).pop("managedFields", None)
    return document


def _after(new: TypedObject, old: TypedObject, attributes: Attributes, write: Write) -> Entries:
    managed = _known(new, old, attributes)
    if not managed:
        return ()
    before, after = _changed_parts(old, new, attributes.kind.type())
    return managedfields.encode(managedfields.update(_document(before), _document(after), managed, write))


def _changed_parts(old: T, new: T, empty: T) -> tuple[T, T]:
    """Both without the parts that they share: most writes change the status and nothing else."""
    names = [one for one in type(old).__struct_fields__ if getattr(old, one) is not getattr(new, one)]
    return (
        replace(empty, **{one: getattr(old, one) for one in names}),
        replace(empty, **{one: getattr(new, one) for one in names}),
    )


def _object(document: Document, kind: Kind[TypedObject]) -> TypedObject:
    try:
        return serializer.from_builtins(document, kind.type, careful=True).object
    except DecodeError as error:
        raise BadRequest.saying(str(error)) from error


def _configuration(patch: bytes, kind: Kind[TypedObject]) -> Document:
    """The configuration to apply. It must be of the kind, and have no managed fields."""
    try:
        config = cast("object", msgspec.json.decode(patch))
    except msgspec.DecodeError as error:
        raise BadRequest.saying(f"error decoding patch: {error}") from error
    if not isinstance(config, dict):
        raise BadRequest.saying("error decoding patch: json: cannot unmarshal into Go value of type map[string]any")
    made = cast("Document", config)
    said = (str(made.get("apiVersion") or ""), str(made.get("kind") or ""))
    if said != (kind.api_version, kind.kind):
        raise BadRequest.saying(f"invalid object type: {_type_name(*said)}")
    metadata = made.get("metadata")
    if isinstance(metadata, dict) and cast("Document", metadata).get("managedFields") is not None:
        raise BadRequest.saying("metadata.managedFields must be nil")
    return made


def _type_name(api_version: str, kind: str) -> str:
    """As Go prints a group, version and kind.

    >>> _type_name("v1", "Pod"), _type_name("apps/v1", "Deployment")
    ('/v1, Kind=Pod', 'apps/v1, Kind=Deployment')
    """
    return f"{api_version if '/' in api_version else f'/{api_version}'}, Kind={kind}"


def _name_of(config: Document, kind: Kind[TypedObject]) -> str:
    metadata = cast("Document", config.get("metadata") or {})
    where = f"{metadata.get('namespace') or ''}/{metadata.get('name') or ''}"
    return f"{where}; {_type_name(kind.api_version, kind.kind)}"


def _refusal(conflicts: tuple[Conflict, ...]) -> StatusError:
    """The error for conflicts."""
    causes = tuple(
        StatusCause(reason="FieldManagerConflict", message=f"conflict with {_said(one.owner)}", field=one.field)
        for one in conflicts
    )
    details = StatusDetails(causes=causes)
    if len(conflicts) == 1:
        (one,) = conflicts
        message = f"Apply failed with 1 conflict: conflict with {_said(one.owner)}: {one.field}"
        return ConflictRefusal.saying(message, details)
    by_owner: dict[str, list[str]] = {}
    for one in conflicts:
        by_owner.setdefault(_said(one.owner), []).append(one.field)
    lines = [
        line for who, fields in by_owner.items() for line in (f"conflicts with {who}:", *(f"- {one}" for one in fields))
    ]
    return ConflictRefusal.saying(f"Apply failed with {len(conflicts)} conflicts: {chr(10).join(lines)}", details)


def _said(owner: Owner) -> str:
    said = quoted(owner.manager)
    if owner.subresource:
        said += f" with subresource {quoted(owner.subresource)}"
    return f"{said} using {owner.api_version}" if owner.operation == UPDATE else said


def _not_allowed(conflicts: tuple[Conflict, ...], live: Document, node: Node) -> tuple[Conflict, ...]:
    """The conflicts, except those of kubectl with itself: fields of client-side apply belong to kubectl, too."""
    allowed = _last_applied(live, node)
    return tuple(one for one in conflicts if not has(allowed, one.path))


def _last_applied(live: Document, node: Node) -> FieldSet:
    """The fields of the last client-side apply that are still as it left them."""
    annotation = _annotations(live).get(LAST_APPLIED)
    try:
        last = cast("object", msgspec.json.decode(str(annotation or "")))
    except msgspec.DecodeError:
        return {}
    config = cast("Document", last) if isinstance(last, dict) else {}
    if config.get("apiVersion") != live.get("apiVersion"):
        return {}
    try:
        found = compare(config, live, node)
        return difference(fields_of(config, node), union(union(found.modified, found.added), found.removed))
    except ElementError:
        return {}


def _annotations(document: Document) -> Document:
    metadata = cast("Document", document.get("metadata") or {})
    return cast("Document", metadata.get("annotations") or {})


def _with_last_applied(document: Document, config: Document) -> Document:
    """With the annotation of client-side apply updated, if there is one."""
    annotations = _annotations(document)
    if not annotations.get(LAST_APPLIED):
        return document
    metadata = dict(cast("Document", config.get("metadata") or {}))
    if "annotations" in metadata:
        own = cast("Document", metadata["annotations"] or {})
        metadata["annotations"] = {name: value for name, value in own.items() if name != LAST_APPLIED}
    text = msgspec.json.encode({**config, "metadata": metadata}, order="deterministic").decode() + "\n"
    fits = len(text) <= MAX_ANNOTATION_BYTES
    kept = {name: value for name, value in annotations.items() if name != LAST_APPLIED}
    changed = {**kept, LAST_APPLIED: text} if fits else kept
    return {**document, "metadata": {**cast("Document", document["metadata"]), "annotations": changed}}
