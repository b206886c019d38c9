"""The registry of kinds: the Struct, the resource, and the pure rules of each.

`api/` registers the built-in kinds; the API server serves what the scheme holds.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import Generic, TypeVar, cast

import msgspec

from kubeactors.apimachinery.field import FieldError
from kubeactors.apimachinery.managedfields.schema import Node
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.names import NameValidator, name_is_dns_subdomain
from kubeactors.apimachinery.requests import GroupVersionResource
from kubeactors.apimachinery.unstructured import Unstructured

STANDARD_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")

T = TypeVar("T", bound=TypedObject)
V = TypeVar("V")


def same(value: T) -> T:
    """No defaulting."""
    return value


def no_errors(*_: object) -> Iterator[FieldError]:
    """Nothing to validate."""
    return iter(())


def nothing(_: object) -> tuple[str, ...]:
    """No unknown fields."""
    return ()


def same_object(value: V) -> V:
    """No conversion: this is the stored version."""
    return value


def no_warnings(*_: object) -> Iterator[str]:
    """No warnings."""
    return iter(())


class Kind(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """A kind and its resource. Metadata has the same rules for every kind, which are not part of this.

    Subresources are names only ("status", "scale"); the API server implements them.
    """

    type: type[T]
    group: str = ""
    version: str = "v1"
    kind: str
    resource: str
    singular: str
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    namespaced: bool = True
    verbs: tuple[str, ...] = STANDARD_VERBS
    subresources: tuple[str, ...] = ()
    deprecation: str = ""
    """A warning in every response about this resource."""
    name_rule: NameValidator = name_is_dns_subdomain
    """The rule for names of this kind."""
    default: Callable[[T], T] = same
    """Applies defaults; returns the same object if nothing is absent."""
    validate: Callable[[T], Iterator[FieldError]] = no_errors
    validate_update: Callable[[T, T], Iterator[FieldError]] = no_errors
    """(new, old): immutable fields, and rules for updates."""
    validate_status_update: Callable[[T, T], Iterator[FieldError]] = no_errors
    warn: Callable[[T, T | None], Iterator[str]] = no_warnings
    """(new, old or None at creation): warnings for the user about a valid object."""
    fields: Callable[[T], dict[str, str]] = lambda _: {}
    """The fields that field selectors support besides metadata.name and metadata.namespace."""
    unknown_fields: Callable[[T], tuple[str, ...]] = nothing
    """Unknown fields of an object that the Struct cannot detect, as strict errors.

    Raises a DecodeError for values of a wrong type that it cannot detect either.
    """
    list_kind: str = ""
    """The kind of its lists, if that is not the kind and `List`."""
    ownership: Node | None = None
    """The schema for field ownership, where the Struct does not have it."""
    printer: object = None
    """The table printer, if none is known for the Struct: one of `api/printers`."""
    definition: Mapping[str, object] | None = None
    """The OpenAPI schema, where the Struct does not have it."""
    measured: bool = False
    """Whether objects are computed on request and none are stored."""
    stored_as: GroupVersionResource | None = None
    """The resource of the stored objects, if this is another version of it."""
    to_stored: Callable[[T], TypedObject] = same_object
    """Converts an object to the stored version."""
    has_webhook_conversion: bool = False
    """Whether a webhook converts objects, so that each is kept in the version in which it was written."""
    from_stored: Callable[[TypedObject], TypedObject] = same_object
    """Converts a stored object to this version; one of this version is returned as it is."""

    @property
    def gvr(self) -> GroupVersionResource:
        """The resource's name in requests."""
        return _gvr(self.group, self.version, self.resource)

    @property
    def stored(self) -> bool:
        """Whether objects are stored as this kind."""
        return self.stored_as is None and not self.measured

    @property
    def custom(self) -> bool:
        """Whether it is a custom kind."""
        return issubclass(self.type, Unstructured)

    @property
    def api_version(self) -> str:
        """`v1`, `apps/v1`."""
        return _api_version(self.group, self.version)


@cache
def _gvr(group: str, version: str, resource: str) -> GroupVersionResource:
    """One object per name: it is a key of several dicts in each request, and caches its hash."""
    return GroupVersionResource(group, version, resource)


@cache
def _api_version(group: str, version: str) -> str:
    return f"{group}/{version}" if group else version


class Scheme:
    """The kinds that are served, by resource and by Struct. Kinds may be added and removed while it is in use.

    Each API server has a scheme of its own, made with `copy`, and alone may change it.
    """

    def __init__(self, kinds: Iterable[Kind[TypedObject]]) -> None:
        self.generation: int = 0
        """Changes with every kind that is added or removed: derived data is stale then."""
        self._by_gvr: dict[GroupVersionResource, Kind[TypedObject]] = {}
        self._by_type: dict[type[TypedObject], Kind[TypedObject]] = {}
        self._gvr_by_type: dict[type[TypedObject], GroupVersionResource] = {}
        self._by_gvk: dict[tuple[str, str], Kind[TypedObject]] = {}
        self._equivalents: dict[GroupVersionResource, tuple[Kind[TypedObject], ...]] = {}
        for kind in kinds:
            self.add(kind)

    def __iter__(self) -> Iterator[Kind[TypedObject]]:
        return iter(tuple(self._by_gvr.values()))

    def copy(self) -> "Scheme":
        """Another scheme with the same kinds."""
        return Scheme(self)

    def add(self, kind: Kind[TypedObject]) -> None:
        """Serve a kind; it replaces one of the same resource."""
        self._by_gvr[kind.gvr] = self._by_type[kind.type] = self._by_gvk[kind.api_version, kind.kind] = kind
        self._gvr_by_type[kind.type] = kind.gvr
        self._equivalents.clear()
        self.generation += 1

    def remove(self, gvr: GroupVersionResource) -> None:
        """Stop serving a kind."""
        kind = self._by_gvr.pop(gvr, None)
        if kind is not None:
            del self._by_type[kind.type], self._gvr_by_type[kind.type], self._by_gvk[kind.api_version, kind.kind]
            self._equivalents.clear()
            self.generation += 1

    def has_group(self, group: str) -> bool:
        """Whether a group has built-in kinds."""
        return any(kind.group == group and not kind.custom for kind in self._by_gvr.values())

    def by_resource(self, gvr: GroupVersionResource) -> Kind[TypedObject] | None:
        """The kind of this resource."""
        return self._by_gvr.get(gvr)

    def equivalents(self, kind: Kind[TypedObject]) -> tuple[Kind[TypedObject], ...]:
        """The other kinds with the same objects: in other versions, or in another group."""
        found = self._equivalents.get(kind.gvr)
        if found is None:
            kept = kind.stored_as or kind.gvr
            alike = [one for one in self._by_gvr.values() if (one.stored_as or one.gvr) == kept]
            found = self._equivalents[kind.gvr] = tuple(one for one in alike if one.gvr != kind.gvr)
        return found

    def by_type(self, type_: type[T]) -> Kind[T]:
        """The kind of this Struct. KeyError if it is not registered: a programming error."""
        return cast("Kind[T]", self._by_type[type_])

    def resource_of(self, type_: type[TypedObject]) -> GroupVersionResource:
        """The resource of this Struct. KeyError as with `by_type`."""
        return self._gvr_by_type[type_]

    def by_kind(self, api_version: str, kind: str) -> Kind[TypedObject] | None:
        """The kind of a manifest."""
        return self._by_gvk.get((api_version, kind))
