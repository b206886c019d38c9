"""Aggregated roles have the rules of their parts."""

from msgspec.structs import replace

from kubeactors.api.rbac.v1 import AggregationRule, ClusterRole, PolicyRule
from kubeactors.apimachinery.meta import LabelSelector, ObjectMeta
from tests.controllers.plane import Plane

GET = PolicyRule(verbs=("get",), api_groups=("example.com",), resources=("things",))
PUT = replace(GET, verbs=("update",))


def part(name: str, *rules: PolicyRule, of: str = "whole") -> ClusterRole:
    return ClusterRole(metadata=ObjectMeta(name=name, labels={"of": of}), rules=rules)


def whole() -> ClusterRole:
    rule = AggregationRule(cluster_role_selectors=(LabelSelector(match_labels={"of": "whole"}),))
    return ClusterRole(metadata=ObjectMeta(name="whole"), aggregation_rule=rule)


def rules_of(plane: Plane, name: str) -> tuple[PolicyRule, ...]:
    plane.sim.run(1.0)
    return plane.get(ClusterRole, name, "").rules or ()


def test_an_aggregated_role_has_the_rules_of_the_selected_roles() -> None:
    plane = Plane()
    plane.create(whole())
    plane.create(part("b", GET))
    plane.create(part("a", PUT, GET))
    plane.create(part("c", GET, of="another"))
    assert rules_of(plane, "whole") == (PUT, GET)
    plane.delete(plane.get(ClusterRole, "a", ""))
    assert rules_of(plane, "whole") == (GET,)


def test_foreign_rules_of_an_aggregated_role_are_overwritten() -> None:
    plane = Plane()
    plane.create(part("a", GET))
    made = plane.create(whole())
    plane.sim.run(1.0)
    plane.change(made, lambda found: replace(found, rules=(PUT,)))
    assert rules_of(plane, "whole") == (GET,)


def test_the_default_user_roles_are_aggregated_from_the_start() -> None:
    plane = Plane()
    counts = {name: len(rules_of(plane, name)) for name in ("view", "edit", "admin")}
    assert counts["view"] == 12
    assert counts["view"] < counts["edit"] < counts["admin"]
