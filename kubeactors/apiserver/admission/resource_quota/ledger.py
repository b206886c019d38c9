"""The usage of each namespace with quotas: cached objects and pending writes."""

from collections.abc import Callable, Iterable, Iterator
from typing import cast

from kubeactors.actor import AskError, MailboxFull
from kubeactors.actor.supervision import SECOND
from kubeactors.api.core.v1.resourcequota import ResourceQuota
from kubeactors.api.core.v1.resources import Resources
from kubeactors.api.quota import Tally, is_charged_alike
from kubeactors.apimachinery import quantity
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import GroupVersionResource
from kubeactors.apimachinery.scheme import Kind
from kubeactors.apiserver.admission.plugin import Lookup
from kubeactors.apiserver.changes import Change
from kubeactors.apiserver.objects import revision_of

RESOURCE_QUOTAS = GroupVersionResource("", "v1", "resourcequotas")


DOUBT_SECONDS = 300
"""How long a write with an unknown outcome stays charged: after this time Kubernetes would recount the quota.

Source: ResourceQuotaSyncPeriod in pkg/controller/resourcequota/config/v1alpha1/defaults.go (v1.36).
"""


class Charge:
    """What a write adds to the quotas of its namespace, by quota name, until the object is cached."""

    __slots__ = ("doubted_since", "is_update", "revision", "uses", "value")

    def __init__(self, value: TypedObject, uses: dict[str, Resources], *, is_update: bool) -> None:
        self.value: TypedObject = value
        self.is_update: bool = is_update
        self.uses: dict[str, Resources] = uses
        self.revision: int = 0
        """The revision of the write; 0 while it is not known to be done."""
        self.doubted_since: int | None = None
        """When the store failed to answer: the write may have been done."""


class _Account:
    """The quotas of a namespace, and the charges that are not in their tallies yet."""

    __slots__ = ("charges", "tallies")

    def __init__(self, charges: dict[Charge, None]) -> None:
        self.tallies: dict[str, Tally] = {}
        self.charges = charges


class Ledger:
    """The current usage. A namespace is counted on first use, then kept up to date.

    `wall` is the time in nanoseconds since 1970, `revision` that of the cache; `resources` are the current ones,
    including custom resources: when one is added or removed, the ledger is `reset`.
    """

    def __init__(
        self,
        lookup: Lookup,
        resources: Callable[[], Iterable[GroupVersionResource]],
        *,
        wall: Callable[[], int],
        revision: Callable[[], int],
    ) -> None:
        self._lookup = lookup
        self._resources = resources
        self._wall = wall
        self._revision = revision
        self._accounts: dict[str, _Account] = {}

    def quotas_in(self, namespace: str) -> Iterator[tuple[ResourceQuota, Tally]]:
        """The quotas of a namespace, with their tallies."""
        found = cast("Iterator[ResourceQuota]", self._lookup.select(RESOURCE_QUOTAS, namespace))
        for one in found:
            yield one, self._tally(one)

    def used(self, quota: ResourceQuota, tally: Tally) -> Resources:
        """The usage of a quota, including pending writes."""
        used, charges = dict(tally.used), self._accounts[quota.metadata.namespace].charges
        _drop(charges, self._is_resolved)
        for charge in charges:
            for name, amount in charge.uses.get(quota.metadata.name, {}).items():
                used[name] = quantity.add(used.get(name, "0"), amount)
        return used

    def charge(
        self, value: TypedObject, uses: dict[str, Resources], *, is_update: bool
    ) -> Callable[[TypedObject | AskError | None], None]:
        """Charge a write. Call the returned function with its outcome; None if nothing was written.

        A write with an unknown outcome stays charged until the cache shows it, or `DOUBT_SECONDS` have passed.
        """
        charges = self._accounts[value.metadata.namespace].charges
        charge = Charge(value, uses, is_update=is_update)
        charges[charge] = None

        def settle(written: TypedObject | AskError | None) -> None:
            if isinstance(written, AskError) and not isinstance(written, MailboxFull):
                charge.doubted_since = self._wall()
                return
            charge.revision = revision_of(written) if isinstance(written, TypedObject) else 0
            if charge.revision <= self._revision():
                charges.pop(charge, None)

        return settle

    def concerns(self, kind: Kind[TypedObject]) -> bool:
        """Every kind: a quota may count any."""
        del kind
        return True

    def observe(self, kind: Kind[TypedObject], change: Change) -> None:
        """Apply a change, which may arrive before its writer has the reply."""
        value = change.current or change.previous
        assert value is not None, "a change is of an object"
        account = self._accounts.get(value.metadata.namespace)
        if account is None:
            return
        _redeem(account.charges, change)
        if not is_charged_alike(change.previous, change.current):
            resource = (kind.group, kind.resource)
            for tally in account.tallies.values():
                if change.current is None:
                    tally.remove(resource, value.metadata.name)
                else:
                    tally.put(resource, value)
        if change.current is None and isinstance(value, ResourceQuota):
            self._forget(account, value)

    def reset(self) -> None:
        """Recount: the cache was primed again, or a kind was added or removed.

        The store handles requests in order, so when the cache is primed, all unanswered writes before are done or lost.
        """
        revision = self._revision()
        for account in self._accounts.values():
            account.tallies.clear()
            _drop(
                account.charges,
                lambda one: one.doubted_since is not None or 0 < one.revision <= revision,
            )

    def _is_resolved(self, charge: Charge) -> bool:
        return charge.doubted_since is not None and self._wall() - charge.doubted_since > DOUBT_SECONDS * SECOND

    def _forget(self, account: _Account, quota: TypedObject) -> None:
        account.tallies.pop(quota.metadata.name, None)
        if not account.tallies and not account.charges:
            del self._accounts[quota.metadata.namespace]

    def _tally(self, quota: ResourceQuota) -> Tally:
        namespace, name = quota.metadata.namespace, quota.metadata.name
        account = self._accounts.get(namespace)
        if account is None:
            account = self._accounts[namespace] = _Account({})
        found, now = account.tallies.get(name), self._wall()
        if found is None or found.spec != quota.spec or (found.valid_until is not None and now > found.valid_until):
            found = account.tallies[name] = self._counted(quota, now)
        return found

    def _counted(self, quota: ResourceQuota, wall: int) -> Tally:
        resources = {(one.group, one.resource): one for one in self._resources()}
        tally = Tally(quota.spec, resources, wall)
        for resource, gvr in resources.items():
            if tally.names(resource):
                for value in self._lookup.select(gvr, quota.metadata.namespace):
                    tally.put(resource, value)
        return tally


def _drop(charges: dict[Charge, None], is_over: Callable[[Charge], bool]) -> None:
    for charge in [one for one in charges if is_over(one)]:
        del charges[charge]


def _redeem(charges: dict[Charge, None], change: Change) -> None:
    """Drop the charge of a write that the cache shows."""
    for charge in charges:
        if charge.revision == change.revision or (not charge.revision and _is_written_by(charge, change)):
            del charges[charge]
            return


def _is_written_by(charge: Charge, change: Change) -> bool:
    """Whether a change is the write of a charge; a creation by somebody else means that this one fails."""
    now, value = change.current, charge.value
    if now is None or now.kind != value.kind or now.metadata.name != value.metadata.name:
        return False
    if change.previous is None:
        return True
    return charge.is_update and _spec(now) == _spec(value)


def _spec(value: TypedObject) -> object:
    return getattr(value, "spec", None)
