"""An operator under test, as data, with its user actions, faults and invariants."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Protocol, TypeAlias, cast, runtime_checkable

import msgspec

from kubeactors.api import SCHEME
from kubeactors.api.apiextensions.v1.customresourcedefinition import CustomResourceDefinition
from kubeactors.api.apiextensions.v1.served import kinds_of
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.scheme import Scheme
from kubeactors.client import Change, Client, controller_of, key_of
from kubeactors.cluster.manifest import Manifest, read_manifest
from kubeactors.sim.chaos.faults import AnyFault
from kubeactors.sim.operators.checks import Check
from kubeactors.sim.operators.client import OperatorClient
from kubeactors.sim.operators.declared import Declared, OperatorError
from kubeactors.sim.operators.view import ClusterView
from kubeactors.sim.plan import ACTION_KINDS, FAULT_KINDS

Reconcile: TypeAlias = Callable[[OperatorClient, str], Awaitable[float | None]]
"""Reconciles the object of a key (`namespace/name`). Returns after how many seconds to requeue the key, or None to wait for
a change. A `StatusError` is retried with back-off."""


@runtime_checkable
class Handlers(Protocol):
    """A `reconcile` that also observes the individual events."""

    @property
    def workers(self) -> int:
        """How many keys it reconciles concurrently by default."""
        ...

    async def __call__(self, client: OperatorClient, key: str, /) -> float | None:
        """See `Reconcile`."""
        ...

    def heard(self, client: OperatorClient, key: str, change: Change[TypedObject], *, listed: bool) -> None:
        """An object related to a key has changed, or was in the initial list (`listed`); the key will be reconciled."""
        ...


Keys: TypeAlias = Callable[[TypedObject], Iterable[str]]
"""Maps a changed object to the keys to reconcile."""

Act: TypeAlias = Callable[..., Awaitable[object]]
"""A user action: called with a `Client` and its arguments."""

Break: TypeAlias = Callable[..., Iterable[AnyFault]]
"""A fault: called with a `ClusterView` and its arguments, yields built-in faults whose `at` counts from now."""

Kindly: TypeAlias = str | type[TypedObject]
"""A kind: its Struct, or a name as for kubectl."""


class Operator(msgspec.Struct, frozen=True, kw_only=True):
    """An operator under test. `fuzz` makes it."""

    reconcile: Reconcile
    handlers: Handlers | None = None
    """The same object, if it observes events."""
    workers: int = 1
    """How many keys it reconciles concurrently."""
    watches: dict[type[TypedObject], Keys]
    """The kinds of its informers, and the keys to reconcile on a change."""
    scheme: Scheme = SCHEME
    definitions: tuple[CustomResourceDefinition, ...] = ()
    """Definitions of custom kinds, created before the plan begins."""
    actions: dict[str, Declared[Act]] = {}
    faults: dict[str, Declared[Break]] = {}
    always: dict[str, Check] = {}
    quiet: dict[str, Check] = {}
    workload: bool = True
    """Whether users also perform the actions of `kubeactors fuzz`."""
    kinds: tuple[str, ...] = FAULT_KINDS
    """The kinds of faults that may happen."""
    nodes: int = 3

    @property
    def resources(self) -> tuple[str, ...]:
        """The watched resources, in the plural."""
        return tuple(self.scheme.resource_of(one).resource for one in self.watches)

    @property
    def fault_kinds(self) -> tuple[str, ...]:
        """All kinds of faults in its campaigns, declared ones last."""
        return (*self.kinds, *self.faults)

    @property
    def action_kinds(self) -> tuple[str, ...]:
        """All kinds of user actions in its campaigns, declared ones last."""
        return (*(ACTION_KINDS if self.workload else ()), *self.actions)


def definitions_of(manifests: Iterable[Manifest]) -> tuple[CustomResourceDefinition, ...]:
    """The custom kinds that manifests define.

    Raises:
        OperatorError: a manifest is of another kind.
    """
    found: list[CustomResourceDefinition] = []
    for one in (one for manifest in manifests for one in read_manifest(manifest)):
        if not isinstance(one, CustomResourceDefinition):
            raise OperatorError(f"`crds` must be definitions of custom kinds, and has a {one.kind}")
        found.append(one)
    return tuple(found)


def scheme_with(definitions: Iterable[CustomResourceDefinition]) -> Scheme:
    """A scheme with all built-in kinds and these."""
    scheme = SCHEME.copy()
    for one in definitions:
        status = msgspec.structs.replace(one.status, accepted_names=one.spec.names)
        for kind in kinds_of(msgspec.structs.replace(one, status=status)):
            scheme.add(kind)
    return scheme


def kind_named(scheme: Scheme, wanted: Kindly) -> type[TypedObject]:
    """The Struct of a kind.

    >>> kind_named(SCHEME, "configmaps").__name__, kind_named(SCHEME, "deploy").__name__
    ('ConfigMap', 'Deployment')

    Raises:
        OperatorError: no kind has this name.
    """
    if not isinstance(wanted, str):
        return wanted
    for kind in scheme:
        names = (kind.resource, kind.singular, kind.kind.lower(), f"{kind.resource}.{kind.group}", *kind.short_names)
        if wanted.lower() in names and kind.stored:
            return kind.type
    raise OperatorError(f"{wanted!r} is not a known kind; write it as for kubectl, or define it in `crds`")


def own_key(found: TypedObject) -> Iterable[str]:
    """The key of a watched object is its own."""
    return (key_of(found),)


def owner_key(kinds: tuple[str, ...]) -> Keys:
    """The key of an owned object is that of its controller, if that is of one of these kinds."""

    def keys(found: TypedObject) -> Iterable[str]:
        owner = controller_of(found.metadata)
        if owner is None or owner.kind not in kinds:
            return ()
        namespace = found.metadata.namespace
        return (f"{namespace}/{owner.name}" if namespace else owner.name,)

    return keys


def watched_kinds(
    scheme: Scheme, watches: "Kindly | Iterable[Kindly] | Mapping[Kindly, Keys]", owns: "Kindly | Iterable[Kindly]"
) -> dict[type[TypedObject], Keys]:
    """The kinds that need informers, each with the keys to reconcile on a change."""
    if isinstance(watches, Mapping):
        given = cast("Mapping[Kindly, Keys]", watches)
    else:
        given = dict.fromkeys(_several(watches), own_key)
    found = {kind_named(scheme, one): keys for one, keys in given.items()}
    if not found:
        raise OperatorError("`watches` is empty: an operator reconciles the objects that it watches")
    kinds = tuple(scheme.by_type(one).kind for one in found)
    for one in _several(owns):
        found.setdefault(kind_named(scheme, one), owner_key(kinds))
    return found


def _several(given: "Kindly | Iterable[Kindly]") -> tuple[Kindly, ...]:
    return (given,) if isinstance(given, str | type) else tuple(given)


async def perform(action: Declared[Act], client: Client, arguments: Mapping[str, object]) -> None:
    """Perform a declared action."""
    await action.function(client, **arguments)


def begin(fault: Declared[Break], view: ClusterView, arguments: Mapping[str, object]) -> tuple[AnyFault, ...]:
    """The built-in faults that a declared fault consists of now."""
    return tuple(fault.function(view, **arguments))
