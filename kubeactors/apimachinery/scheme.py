"""Which kinds there are: the Struct, the resource that serves it, and the pure rules of each.

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
    """No defaults."""
    return value


def no_errors(*_: object) -> Iterator[FieldError]:
    """Nothing to validate."""
    return iter(())


def nothing(_: object) -> tuple[str, ...]:
    """Nothing is superfluous."""
    return ()


def same_object(value: V) -> V:
    """The stored version is this one."""
    return value


def no_warnings(*_: object) -> Iterator[str]:
    """Nothing to warn of."""
    return iter(())


class Kind(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """One kind, and the resource that serves it. Metadata has the same rules for every kind and is not in here.

    Subresources are names only ("status", "scale"); what they do is the API server's business.
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
    """A warning that goes with every answer about this resource."""
    name_rule: NameValidator = name_is_dns_subdomain
    """What may be a name of this kind."""
    default: Callable[[T], T] = same
    """Fills what is absent with Kubernetes' defaults; returns the same object if nothing is absent."""
    validate: Callable[[T], Iterator[FieldError]] = no_errors
    validate_update: Callable[[T, T], Iterator[FieldError]] = no_errors
    """(new, old): what may not change, and what must hold after a change."""
    validate_status_update: Callable[[T, T], Iterator[FieldError]] = no_errors
    warn: Callable[[T, T | None], Iterator[str]] = no_warnings
    """(new, old or None at creation): what is accepted and yet unwise, as warnings for the user."""
    fields: Callable[[T], dict[str, str]] = lambda _: {}
    """What field selectors can ask for besides metadata.name and metadata.namespace."""
    superfluous: Callable[[T], tuple[str, ...]] = nothing
    """Fields of an object that its kind does not know, as strict errors: those that the Struct cannot tell."""
    list_kind: str = ""
    """What lists are called, if not by the kind and `List`."""
    ownership: Node | None = None
    """What the fields are like for those who share an object, where the Struct does not say it."""
    printer: object = None
    """How tables show it, if no printer is known for the Struct: one of `api/printers`."""
    definition: Mapping[str, object] | None = None
    """The OpenAPI schema, where the Struct does not say it."""
    measured: bool = False
    """Whether objects are made when they are asked for, and none are stored."""
    stored_as: GroupVersionResource | None = None
    """The resource that keeps the objects, if this one only shows them in another version."""
    to_stored: Callable[[T], TypedObject] = same_object
    """The object in the version that is stored."""
    is_asked_for: bool = False
    """Whether somebody is asked to convert objects, so that they are kept in the version in which they were written."""
    from_stored: Callable[[TypedObject], TypedObject] = same_object
    """A stored object in this version; one that is in it already stays as it is."""

    @property
    def gvr(self) -> GroupVersionResource:
        """The resource's name in requests."""
        return _gvr(self.group, self.version, self.resource)

    @property
    def stored(self) -> bool:
        """Whether the store holds objects as this kind."""
        return self.stored_as is None and not self.measured

    @property
    def custom(self) -> bool:
        """Whether users have added it."""
        return issubclass(self.type, Unstructured)

    @property
    def api_version(self) -> str:
        """`v1`, `apps/v1`."""
        return _api_version(self.group, self.version)


@cache
def _gvr(group: str, version: str, resource: str) -> GroupVersionResource:
    """One object for each name: it is looked up in dicts several times for each request, and knows its hash."""
    return GroupVersionResource(group, version, resource)


@cache
def _api_version(group: str, version: str) -> str:
    return f"{group}/{version}" if group else version


class Scheme:
    """All kinds that are served, by resource and by Struct. Kinds may come and go while it is in use.

    Each API server has a scheme of its own, made with `copy`, and is the only one who changes it.
    """

    def __init__(self, kinds: Iterable[Kind[TypedObject]]) -> None:
        self.generation: int = 0
        """Changes with every kind that comes or goes: what was made from the scheme is to be made anew."""
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
        """Serve a kind; one of the same resource is replaced."""
        self._by_gvr[kind.gvr] = self._by_type[kind.type] = self._by_gvk[kind.api_version, kind.kind] = kind
        self._gvr_by_type[kind.type] = kind.gvr
        self._equivalents.clear()
        self.generation += 1

    def remove(self, gvr: GroupVersionResource) -> None:
        """Serve a kind no longer."""
        kind = self._by_gvr.pop(gvr, None)
        if kind is not None:
            del self._by_type[kind.type], self._gvr_by_type[kind.type], self._by_gvk[kind.api_version, kind.kind]
            self._equivalents.clear()
            self.generation += 1

    def has_group(self, group: str) -> bool:
        """Whether there is any built-in kind of a group."""
        return any(kind.group == group and not kind.custom for kind in self._by_gvr.values())

    def by_resource(self, gvr: GroupVersionResource) -> Kind[TypedObject] | None:
        """The kind that this resource serves."""
        return self._by_gvr.get(gvr)

    def equivalents(self, kind: Kind[TypedObject]) -> tuple[Kind[TypedObject], ...]:
        """The other kinds that show the same objects: in other versions, or in another group."""
        found = self._equivalents.get(kind.gvr)
        if found is None:
            kept = kind.stored_as or kind.gvr
            alike = [one for one in self._by_gvr.values() if (one.stored_as or one.gvr) == kept]
            found = self._equivalents[kind.gvr] = tuple(one for one in alike if one.gvr != kind.gvr)
        return found

    def by_type(self, type_: type[T]) -> Kind[T]:
        """The kind of this Struct. KeyError if it is not registered: an error of the program."""
        return cast("Kind[T]", self._by_type[type_])

    def resource_of(self, type_: type[TypedObject]) -> GroupVersionResource:
        """The resource that serves this Struct. KeyError as with `by_type`."""
        return self._gvr_by_type[type_]

    def by_kind(self, api_version: str, kind: str) -> Kind[TypedObject] | None:
        """The kind that a manifest names."""
        return self._by_gvk.get((api_version, kind))
