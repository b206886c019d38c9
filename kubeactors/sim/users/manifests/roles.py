"""Roles, and one that is the sum of others."""

from kubeactors.api.rbac.v1 import AggregationRule, ClusterRole, PolicyRule
from kubeactors.apimachinery.meta import LabelSelector, ObjectMeta
from kubeactors.sim.workload import GrantRole

TEAM = "example.com/aggregate-to-team"


def role_of(action: GrantRole) -> ClusterRole:
    """A role that the team's role takes in, and the role `view`."""
    rule = PolicyRule(api_groups=("example.com",), resources=(action.name,), verbs=action.verbs)
    labels = {TEAM: "true", "rbac.authorization.k8s.io/aggregate-to-view": "true"}
    return ClusterRole(metadata=ObjectMeta(name=action.name, labels=labels), rules=(rule,))


def team_role() -> ClusterRole:
    """A role that is the sum of others."""
    selector = LabelSelector(match_labels={TEAM: "true"})
    return ClusterRole(
        metadata=ObjectMeta(name="team"), aggregation_rule=AggregationRule(cluster_role_selectors=(selector,))
    )
