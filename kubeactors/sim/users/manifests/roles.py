"""Cluster roles, and one that aggregates others."""

from kubeactors.api.rbac.v1 import AggregationRule, ClusterRole, PolicyRule
from kubeactors.apimachinery.meta import LabelSelector, ObjectMeta
from kubeactors.sim.workload import GrantRole

TEAM = "example.com/aggregate-to-team"


def role_of(action: GrantRole) -> ClusterRole:
    """A role that is aggregated into the team's role and into `view`."""
    rule = PolicyRule(api_groups=("example.com",), resources=(action.name,), verbs=action.verbs)
    labels = {TEAM: "true", "rbac.authorization.k8s.io/aggregate-to-view": "true"}
    return ClusterRole(metadata=ObjectMeta(name=action.name, labels=labels), rules=(rule,))


def team_role() -> ClusterRole:
    """A role that aggregates others."""
    selector = LabelSelector(match_labels={TEAM: "true"})
    return ClusterRole(
        metadata=ObjectMeta(name="team"), aggregation_rule=AggregationRule(cluster_role_selectors=(selector,))
    )
