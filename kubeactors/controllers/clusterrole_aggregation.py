"""The ClusterRole aggregation controller: a role with an aggregation rule gets the rules of the roles it selects.

Source: pkg/controller/clusterroleaggregation/clusterroleaggregation_controller.go (v1.36).
"""

from msgspec.structs import replace

from kubeactors.api.rbac.v1 import ClusterRole, aggregated_rules
from kubeactors.client import Change, Client, Controller, Overlay, SharedInformer


class ClusterRoleAggregationController(Controller):
    """Writes the rules of aggregated roles. Any change of a role enqueues all of them, since each may select it."""

    def __init__(self, client: Client, *, roles: SharedInformer[ClusterRole]) -> None:
        super().__init__()
        self._client = client
        self._roles = roles.lister
        self._overlay: Overlay[ClusterRole] = Overlay(roles.lister)
        self._aggregated: dict[str, None] = {}
        self.observe(roles, self._on_role)

    def _on_role(self, change: Change[ClusterRole]) -> None:
        self._overlay.seen(change)
        name = change.current.metadata.name
        if change.new is not None and change.new.aggregation_rule is not None:
            self._aggregated[name] = None
        else:
            self._aggregated.pop(name, None)
        for one in self._aggregated:
            self.enqueue(one)

    async def reconcile(self, key: str) -> None:
        """Write the aggregated rules if they differ."""
        found = self._overlay.newest(key, self._roles.by_key(key))
        if found is None or found.aggregation_rule is None:
            return
        rules = aggregated_rules(found, self._roles)
        if rules != (found.rules or ()):
            self._overlay.wrote(key, await self._client.update(replace(found, rules=rules)))
