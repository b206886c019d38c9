"""Aggregated ClusterRoles, whose rules are those of the roles that they select.

Source: pkg/controller/clusterroleaggregation/clusterroleaggregation_controller.go (v1.36).
"""

from collections.abc import Iterable

from kubeactors.api.rbac.v1.role import ClusterRole, PolicyRule
from kubeactors.apimachinery.labels import of_object


def aggregated_rules(aggregated: ClusterRole, roles: Iterable[ClusterRole]) -> tuple[PolicyRule, ...]:
    """The rules of all roles that a selector of the aggregation rule selects, each once, by the names of the roles."""
    if aggregated.aggregation_rule is None:
        return ()
    rules: list[PolicyRule] = []
    in_order = sorted(roles, key=lambda one: one.metadata.name)
    for selector in map(of_object, aggregated.aggregation_rule.cluster_role_selectors):
        for role in in_order:
            if role.metadata.name != aggregated.metadata.name and selector.matches(role.metadata.labels):
                rules += [rule for rule in role.rules or () if rule not in rules]
    return tuple(rules)
