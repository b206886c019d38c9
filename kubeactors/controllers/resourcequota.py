"""The quota controller: the status of each quota says what is enforced and what is used.

Every change of an object is counted as it comes; nothing is counted twice, and a namespace without quotas costs nothing.

Source: pkg/controller/resourcequota/resource_quota_controller.go (v1.36).
"""

from collections.abc import Callable, Iterable
from functools import partial

from msgspec.structs import replace

from kubeactors.api.core.v1.resourcequota import ResourceQuota, ResourceQuotaStatus
from kubeactors.api.quota import Tally, is_charged_alike
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.status import NotFound
from kubeactors.client import Change, Client, Controller, SharedInformer

SETTLE_SECONDS = 0.05
"""Several changes of a namespace are written as one."""
SECOND = 1_000_000_000


class ResourceQuotaController(Controller):
    """Counts. `counted` are the informers of all kinds that a quota may be about."""

    def __init__(
        self,
        client: Client,
        *,
        quotas: SharedInformer[ResourceQuota],
        counted: Iterable[SharedInformer[TypedObject]],
    ) -> None:
        super().__init__()
        self._client = client
        self._quotas = quotas.lister
        self._counted = {self._resource(one): one for one in counted}
        self._tallies: dict[str, dict[str, Tally]] = {}
        self.observe(quotas, self._on_quota)
        for resource, informer in self._counted.items():
            if informer.source != quotas.source:
                self.observe(informer, self._counting(resource), informer.news)

    def _resource(self, informer: SharedInformer[TypedObject]) -> tuple[str, str]:
        gvr = self._client.resource(informer.type)
        return gvr.group, gvr.resource

    def _counting(self, resource: tuple[str, str]) -> Callable[[Change[TypedObject]], None]:
        return partial(self._on_change, resource)

    def _on_quota(self, change: Change[ResourceQuota]) -> None:
        metadata = change.current.metadata
        if change.new is None:
            self._forget(metadata.namespace, metadata.name)
        else:
            self.enqueue(change.key)
        self._on_change(("", "resourcequotas"), change)

    def _on_change(self, resource: tuple[str, str], change: Change[TypedObject] | Change[ResourceQuota]) -> None:
        metadata = change.current.metadata
        tallies = self._tallies.get(metadata.namespace)
        if not tallies or is_charged_alike(change.old, change.new):
            return
        # What the lister holds may be newer than the change; then the next change finds nothing to do.
        found = self._counted[resource].lister.get(metadata.name, metadata.namespace)
        for name, tally in tallies.items():
            changes = tally.remove(resource, metadata.name) if found is None else tally.put(resource, found)
            if changes:
                self.enqueue_after(f"{metadata.namespace}/{name}", SETTLE_SECONDS)

    async def reconcile(self, key: str) -> None:
        """Write what is used, if the quota does not say so already."""
        quota = self._quotas.by_key(key)
        if quota is None:
            return
        tally = self._tally(quota)
        if tally.valid_until is not None:
            self.enqueue_after(key, (tally.valid_until - self.ctx.wall) / SECOND + 1)
        status = ResourceQuotaStatus(hard=quota.spec.hard, used=dict(tally.used))
        if status == quota.status:
            return
        try:
            await self._client.update(replace(quota, status=status), subresource="status")
        except NotFound:
            return  # it was deleted meanwhile

    def _tally(self, quota: ResourceQuota) -> Tally:
        tallies = self._tallies.setdefault(quota.metadata.namespace, {})
        found, now = tallies.get(quota.metadata.name), self.ctx.wall
        if found is None or found.spec != quota.spec or (found.valid_until is not None and now > found.valid_until):
            found = tallies[quota.metadata.name] = self._count(quota, now)
        return found

    def _count(self, quota: ResourceQuota, wall: int) -> Tally:
        tally, namespace = Tally(quota.spec, self._counted, wall), quota.metadata.namespace
        for resource, informer in self._counted.items():
            if tally.names(resource):
                for one in informer.lister:
                    if one.metadata.namespace == namespace:
                        tally.put(resource, one)
        return tally

    def _forget(self, namespace: str, name: str) -> None:
        tallies = self._tallies.get(namespace, {})
        tallies.pop(name, None)
        if not tallies:
            self._tallies.pop(namespace, None)
