"""The resource quota controller: writes the enforced limits and the usage to the status of each ResourceQuota.

Usage is maintained incrementally, by each change of an object; a namespace without quotas costs nothing.
A custom kind is watched while a quota counts it; the original watches all of them.

Source: pkg/controller/resourcequota/{resource_quota_controller,resource_quota_monitor}.go (v1.36).
"""

from collections.abc import Callable, Iterable
from functools import partial

from msgspec.structs import replace

from kubeactors.api.apiextensions.v1.customresourcedefinition import CustomResourceDefinition
from kubeactors.api.core.v1.resourcequota import ResourceQuota, ResourceQuotaStatus
from kubeactors.api.quota import Tally, count_name, is_charged_alike
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.status import NotFound
from kubeactors.client import Change, Client, Controller, SharedInformer
from kubeactors.client.controller import ControllerMessage
from kubeactors.controllers.custom_kinds import Monitors, Watched, watched_by

SETTLE_SECONDS = 0.05
"""How long the changes of a namespace are batched."""
LOOK_SECONDS = 300.0
"""The longest wait for a terminating pod's deadline, which may be by another clock. Kubernetes resyncs as often."""
SECOND = 1_000_000_000
COUNT = "count/"
KINDS = "kinds"
"""The work queue key for a change of the kinds that are counted."""


class ResourceQuotaController(Controller):
    """Maintains quota usage. `counted` are the informers of all built-in kinds that a quota may count."""

    def __init__(
        self,
        client: Client,
        *,
        quotas: SharedInformer[ResourceQuota],
        counted: Iterable[SharedInformer[TypedObject]],
        definitions: SharedInformer[CustomResourceDefinition],
    ) -> None:
        super().__init__()
        self._client = client
        self._quotas = quotas.lister
        self._counted = {self._resource(one): one for one in counted}
        self._built_in = {count_name(*one): None for one in self._counted}
        self._tallies: dict[str, dict[str, Tally]] = {}
        self._definitions = definitions.lister
        self._running: dict[str, Watched] = {}
        """The custom kinds that are watched, by the names of their definitions."""
        self._unsettled = False
        self.observe(definitions, self._on_definition)
        self.observe(quotas, self._on_quota)
        for resource, informer in self._counted.items():
            if informer.source != quotas.source:
                self.observe(informer, self._counting(resource), concerns=self._is_charged)

    def started(self) -> None:
        """Subscribe."""
        super().started()
        self._monitors: Monitors[ControllerMessage] = Monitors(self.ctx, self._client)

    # Custom kinds.

    def _on_definition(self, change: Change[CustomResourceDefinition]) -> None:
        del change
        self._kinds_changed()

    def _kinds_changed(self) -> None:
        """Enqueue a check of which custom kinds to watch, ahead of all quotas."""
        self._unsettled = True
        self.enqueue(KINDS)

    def _follow(self) -> None:
        """Watch the custom kinds that a quota counts, and no others."""
        wanted = self._wanted()
        gone = [name for name, watched in self._running.items() if wanted.get(name) != watched]
        come = {name: watched for name, watched in wanted.items() if self._running.get(name) != watched}
        for name in gone:
            self._stop(name)
        for name, watched in come.items():
            self._start(name, watched)
        if gone or come:
            self._tallies.clear()
            for quota in self._quotas:
                self.enqueue(f"{quota.metadata.namespace}/{quota.metadata.name}")

    def _wanted(self) -> dict[str, Watched]:
        counted = {name: None for quota in self._quotas for name in self._custom_counts(quota)}
        if not counted:
            return {}
        found = ((crd.metadata.name, watched_by(crd)) for crd in self._definitions)
        return {
            name: watched
            for name, watched in found
            if watched is not None and watched.namespaced and count_name(*_of(watched)) in counted
        }

    def _custom_counts(self, quota: ResourceQuota) -> list[str]:
        return [name for name in quota.spec.hard if name.startswith(COUNT) and name not in self._built_in]

    def _start(self, name: str, watched: Watched) -> None:
        informer = self._monitors.start(name, watched)
        self._running[name] = watched
        self._counted[_of(watched)] = informer
        self.observe_late(informer, self._counting(_of(watched)))

    def _stop(self, name: str) -> None:
        watched = self._running.pop(name)
        self.forget(self._counted.pop(_of(watched)))
        self._monitors.stop(name)

    # Changes.

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
        if any(one is not None and self._custom_counts(one) for one in (change.old, change.new)):
            self._kinds_changed()
        self._on_change(("", "resourcequotas"), change)

    def _is_charged(self, change: Change[TypedObject]) -> bool:
        """Whether the namespace has a quota. A new quota counts all that the listers show then."""
        return len(self._quotas) > 0 and not is_charged_alike(change.old, change.new)

    def _on_change(self, resource: tuple[str, str], change: Change[TypedObject] | Change[ResourceQuota]) -> None:
        metadata = change.current.metadata
        tallies = self._tallies.get(metadata.namespace)
        if not tallies or is_charged_alike(change.old, change.new):
            return
        # The lister may be ahead of this change; then the next change finds nothing to do.
        found = self._counted[resource].lister.get(metadata.name, metadata.namespace)
        for name, tally in tallies.items():
            changes = tally.remove(resource, metadata.name) if found is None else tally.put(resource, found)
            if changes:
                self.enqueue_after(f"{metadata.namespace}/{name}", SETTLE_SECONDS)

    async def reconcile(self, key: str) -> None:
        """Write the usage, if the quota's status differs."""
        if self._unsettled:
            self._unsettled = False
            self._follow()
        quota = self._quotas.by_key(key)
        if quota is None:
            return
        if not self.late_synced:
            self.enqueue_after(key, SETTLE_SECONDS)
            return
        tally = self._tally(quota)
        if tally.valid_until is not None:
            self.enqueue_after(key, min((tally.valid_until - self.ctx.wall) / SECOND, LOOK_SECONDS) + 1)
        status = ResourceQuotaStatus(hard=quota.spec.hard, used=dict(tally.used))
        if status == quota.status:
            return
        try:
            await self._client.update(replace(quota, status=status), subresource="status")
        except NotFound:
            return  # the quota was deleted meanwhile

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


def _of(watched: Watched) -> tuple[str, str]:
    return watched.gvr.group, watched.gvr.resource
