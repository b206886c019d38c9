"""What is tested, as data: an operator, its users, its faults and its invariants."""

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
"""Brings the object of a key (`namespace/name`) closer to what it should be. What it returns is in how many seconds it
wants to be called again; None: when something changes. A `StatusError` that it raises is retried with back-off."""


@runtime_checkable
class Handlers(Protocol):
    """A `reconcile` that wants to know more than that something has changed."""

    @property
    def workers(self) -> int:
        """How many keys it looks at at the same time, if nobody says otherwise."""
        ...

    async def __call__(self, client: OperatorClient, key: str, /) -> float | None:
        """See `Reconcile`."""
        ...

    def heard(self, client: OperatorClient, key: str, change: Change[TypedObject], *, listed: bool) -> None:
        """Something has changed that is about a key, which will be reconciled; or was there in the first list."""
        ...


Keys: TypeAlias = Callable[[TypedObject], Iterable[str]]
"""The keys that a change of an object is about."""

Act: TypeAlias = Callable[..., Awaitable[object]]
"""Something that users do: gets a `Client` and its arguments."""

Break: TypeAlias = Callable[..., Iterable[AnyFault]]
"""Something that breaks: gets a `ClusterView` and its arguments, yields faults; their `at` counts from now."""

Kindly: TypeAlias = str | type[TypedObject]
"""A kind: its Struct, or a word that kubectl knows it by."""


class Operator(msgspec.Struct, frozen=True, kw_only=True):
    """An operator under test. `fuzz` makes it."""

    reconcile: Reconcile
    handlers: Handlers | None = None
    """The same, if it wants to know more."""
    workers: int = 1
    """How many keys it looks at at the same time."""
    watches: dict[type[TypedObject], Keys]
    """What it has informers of, and which keys a change is about."""
    scheme: Scheme = SCHEME
    definitions: tuple[CustomResourceDefinition, ...] = ()
    """Custom kinds, created before anything happens."""
    actions: dict[str, Declared[Act]] = {}
    faults: dict[str, Declared[Break]] = {}
    always: dict[str, Check] = {}
    quiet: dict[str, Check] = {}
    workload: bool = True
    """Whether users do other things as well: what `kubeactors fuzz` lets them do."""
    kinds: tuple[str, ...] = FAULT_KINDS
    """The kinds of faults that may happen."""
    nodes: int = 3

    @property
    def resources(self) -> tuple[str, ...]:
        """What it watches, in the plural."""
        return tuple(self.scheme.resource_of(one).resource for one in self.watches)

    @property
    def fault_kinds(self) -> tuple[str, ...]:
        """All faults of its campaigns, its own ones last."""
        return (*self.kinds, *self.faults)

    @property
    def action_kinds(self) -> tuple[str, ...]:
        """All that users do in its campaigns, what was declared for it last."""
        return (*(ACTION_KINDS if self.workload else ()), *self.actions)


def definitions_of(manifests: Iterable[Manifest]) -> tuple[CustomResourceDefinition, ...]:
    """The custom kinds that manifests define.

    Raises:
        OperatorError: there is something else in them.
    """
    found: list[CustomResourceDefinition] = []
    for one in (one for manifest in manifests for one in read_manifest(manifest)):
        if not isinstance(one, CustomResourceDefinition):
            raise OperatorError(f"`crds` holds definitions of custom kinds, and there is a {one.kind} in it")
        found.append(one)
    return tuple(found)


def scheme_with(definitions: Iterable[CustomResourceDefinition]) -> Scheme:
    """All built-in kinds, and these."""
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
        OperatorError: nothing is called so.
    """
    if not isinstance(wanted, str):
        return wanted
    for kind in scheme:
        names = (kind.resource, kind.singular, kind.kind.lower(), f"{kind.resource}.{kind.group}", *kind.short_names)
        if wanted.lower() in names and kind.stored:
            return kind.type
    raise OperatorError(f"{wanted!r} is no kind that is known; write it as kubectl does, or say what it is in `crds`")


def own_key(found: TypedObject) -> Iterable[str]:
    """A change of a watched object is about itself."""
    return (key_of(found),)


def owner_key(kinds: tuple[str, ...]) -> Keys:
    """A change of an owned object is about its controller, if that is of one of these kinds."""

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
    """What informers are needed, and which keys a change is about."""
    if isinstance(watches, Mapping):
        given = cast("Mapping[Kindly, Keys]", watches)
    else:
        given = dict.fromkeys(_several(watches), own_key)
    found = {kind_named(scheme, one): keys for one, keys in given.items()}
    if not found:
        raise OperatorError("`watches` names nothing: an operator reconciles the objects that it watches")
    kinds = tuple(scheme.by_type(one).kind for one in found)
    for one in _several(owns):
        found.setdefault(kind_named(scheme, one), owner_key(kinds))
    return found


def _several(given: "Kindly | Iterable[Kindly]") -> tuple[Kindly, ...]:
    return (given,) if isinstance(given, str | type) else tuple(given)


async def perform(action: Declared[Act], client: Client, arguments: Mapping[str, object]) -> None:
    """Let a user do what was declared."""
    await action.function(client, **arguments)


def begin(fault: Declared[Break], view: ClusterView, arguments: Mapping[str, object]) -> tuple[AnyFault, ...]:
    """What a declared fault consists of now."""
    return tuple(fault.function(view, **arguments))
