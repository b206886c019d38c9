"""Which kinds there are: the Struct, the resource that serves it, and the pure rules of each.

`api/` registers the built-in kinds; the API server serves what the scheme holds.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Generic, TypeVar, cast

import msgspec

from kubeactors.apimachinery.field import FieldError
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.names import NameValidator, name_is_dns_subdomain
from kubeactors.apimachinery.requests import GroupVersionResource

STANDARD_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")

T = TypeVar("T", bound=TypedObject)


def same(value: T) -> T:
    """No defaults."""
    return value


def no_errors(*_: object) -> Iterator[FieldError]:
    """Nothing to validate."""
    return iter(())


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

    @property
    def gvr(self) -> GroupVersionResource:
        """The resource's name in requests."""
        return _gvr(self.group, self.version, self.resource)

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
    """All kinds that are served, by resource and by Struct."""

    def __init__(self, kinds: Iterable[Kind[TypedObject]]) -> None:
        self._by_gvr = {one.gvr: one for one in kinds}
        self._by_type = {one.type: one for one in self._by_gvr.values()}
        self._gvr_by_type = {one.type: one.gvr for one in self._by_gvr.values()}
        self._by_gvk = {(one.api_version, one.kind): one for one in self._by_gvr.values()}

    def __iter__(self) -> Iterator[Kind[TypedObject]]:
        return iter(self._by_gvr.values())

    def by_resource(self, gvr: GroupVersionResource) -> Kind[TypedObject] | None:
        """The kind that this resource serves."""
        return self._by_gvr.get(gvr)

    def by_type(self, type_: type[T]) -> Kind[T]:
        """The kind of this Struct. KeyError if it is not registered: an error of the program."""
        return cast("Kind[T]", self._by_type[type_])

    def resource_of(self, type_: type[TypedObject]) -> GroupVersionResource:
        """The resource that serves this Struct. KeyError as with `by_type`."""
        return self._gvr_by_type[type_]

    def by_kind(self, api_version: str, kind: str) -> Kind[TypedObject] | None:
        """The kind that a manifest names."""
        return self._by_gvk.get((api_version, kind))
