"""The ResourceQuota plug-in.

Source: CheckRequest in apiserver/pkg/admission/plugin/resourcequota/controller.go (v1.36).
"""

from kubeactors.api.core.v1.resourcequota import ResourceQuota
from kubeactors.api.core.v1.resources import Resources
from kubeactors.api.quota import Tally, missing
from kubeactors.apimachinery import quantity
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.scheme import Kind
from kubeactors.apiserver.admission.plugin import CREATE, DELETE, UPDATE, Attributes, Plugin, refused
from kubeactors.apiserver.admission.resource_quota.ledger import Ledger
from kubeactors.apiserver.objects import PODS

_UNLIMITED = frozenset({("", "events"), ("events.k8s.io", "events")})
"""The group and resource of objects that no quota limits."""
_GROWING = frozenset({("", "services", ""), ("", "persistentvolumeclaims", ""), ("", "pods", "resize")})
"""The group, resource and subresource of updates that may increase usage."""


class ResourceQuotas(Plugin):
    """Checks every write that increases usage against the quotas of its namespace."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def concerns(self, kind: Kind[TypedObject], subresource: str, operation: str) -> bool:
        """Creations in namespaces, and updates that may increase usage."""
        if not kind.namespaced or operation == DELETE or (kind.group, kind.resource) in _UNLIMITED:
            return False
        if operation == UPDATE:
            return (kind.group, kind.resource, subresource) in _GROWING
        return not subresource

    def validate(self, value: TypedObject | None, attributes: Attributes) -> None:
        """Check the object as it will be stored, and charge what it adds until it is written.

        Raises:
            Forbidden: a quota would be exceeded, or the object lacks a value that a quota constrains.
        """
        assert value is not None, "deletions do not come here"
        resource = (attributes.kind.group, attributes.kind.resource)
        uses: dict[str, Resources] = {}
        for quota, tally in self._ledger.quotas_in(attributes.namespace):
            if not tally.counts(resource, value):
                continue
            if attributes.kind.gvr == PODS and (wrong := missing(value, tally.names(resource))):
                raise refused(value, attributes, f"failed quota: {quota.metadata.name}: {wrong}")
            added = _added(tally, resource, value, attributes)
            if added:
                self._check(quota, tally, added, value, attributes)
                uses[quota.metadata.name] = added
        if uses and not attributes.dry_run:
            is_update = attributes.operation != CREATE
            attributes.on_settled.append(self._ledger.charge(value, uses, is_update=is_update))

    def _check(
        self, quota: ResourceQuota, tally: Tally, added: Resources, value: TypedObject, attributes: Attributes
    ) -> None:
        hard, used = quota.spec.hard, self._ledger.used(quota, tally)
        exceeded = sorted(
            name for name, amount in added.items() if quantity.compare(quantity.add(used[name], amount), hard[name]) > 0
        )
        if exceeded:
            said = (
                f"exceeded quota: {quota.metadata.name}, requested: {_shown(exceeded, added)}, "
                f"used: {_shown(exceeded, used)}, limited: {_shown(exceeded, hard)}"
            )
            raise refused(value, attributes, said)


def _added(tally: Tally, resource: tuple[str, str], value: TypedObject, attributes: Attributes) -> Resources:
    """What a write adds; for an update, beyond what the old object uses."""
    use = tally.use(resource, value)
    if attributes.operation != CREATE and attributes.old is not None:
        before = tally.use(resource, attributes.old)
        use = {name: quantity.subtract(amount, before.get(name, "0")) for name, amount in use.items()}
    return {name: amount for name, amount in use.items() if quantity.sign(amount) > 0}


def _shown(names: list[str], amounts: Resources) -> str:
    return ",".join(f"{name}={quantity.canonical(amounts[name])}" for name in names)
