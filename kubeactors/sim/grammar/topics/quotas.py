"""ResourceQuotas."""

from kubeactors.sim import workload
from kubeactors.sim.grammar.source import Source
from kubeactors.sim.workload import AnyAction

Quota = tuple[dict[str, str], tuple[workload.Sort, ...]]
QUOTAS: tuple[Quota, ...] = (
    ({"pods": "2", "requests.cpu": "300m"}, ("pod",)),
    ({"pods": "2"}, ("pod",)),
    ({"configmaps": "3", "secrets": "1"}, ("config-map", "secret")),
    ({"services": "2", "services.nodeports": "1"}, ("service",)),
    ({"persistentvolumeclaims": "2", "requests.storage": "4Gi"}, ("claim",)),
    ({"count/widgets.example.org": "1", "count/configmaps": "2"}, ("widget", "config-map")),
    (
        {
            "count/networkpolicies.networking.k8s.io": "1",
            "count/ingresses.networking.k8s.io": "1",
            "count/podtemplates": "1",
        },
        ("network-policy", "ingress", "pod-template"),
    ),
)
"""Hard limits, and the kinds of objects that are created under them; the namespace has a ConfigMap from the start."""
SCOPES: tuple[workload.Scope, ...] = ("", "BestEffort", "NotBestEffort", "Terminating", "NotTerminating")


class Quotas:
    """Draws actions on them.

    Args:
        source: makes the choices.
        share: one of `QUOTAS`.
    """

    def __init__(self, source: Source, share: Quota) -> None:
        self._source = source
        self._hard, self._sorts = share
        self._scope: workload.Scope = source.choice(SCOPES) if list(self._hard) == ["pods"] else ""

    def first(self, at: float) -> list[AnyAction]:
        """A quota, and an object that counts against it."""
        first: list[AnyAction] = [self._set_quota(at), self.another(at + 0.5)]
        return [workload.CreateDefinition(at=at), *first] if "widget" in self._sorts else first

    def _set_quota(self, at: float) -> AnyAction:
        return workload.SetTenantQuota(at=at, hard=self._hard if self._source.integer(0, 4) else {}, scope=self._scope)

    def another(self, at: float) -> AnyAction:
        """Create or delete an object, or change the quota."""
        source = self._source
        sort, number = source.choice(self._sorts), source.integer(1, 3)
        match source.integer(0, 6):
            case 0:
                return self._set_quota(at)
            case 1:
                return workload.DeleteTenantObject(at=at, sort=sort, number=number)
            case _:
                cpu = source.choice(("100m", "200m", ""))
                return workload.CreateTenantObject(
                    at=at, sort=sort, number=number, cpu=cpu, ends=not source.integer(0, 2)
                )
