"""What does not fit in the expressions of a policy stands in its status."""

import pytest
from msgspec.structs import replace

from kubeactors.api import SCHEME
from kubeactors.api.admissionregistration.v1.matching import MatchResources, NamedRuleWithOperations
from kubeactors.api.admissionregistration.v1.type_checking import kinds_to_check
from kubeactors.api.admissionregistration.v1.validating import (
    ExpressionWarning,
    TypeChecking,
    ValidatingAdmissionPolicy,
    ValidatingAdmissionPolicySpec,
    Validation,
)
from kubeactors.apimachinery.meta import ObjectMeta
from tests.controllers.plane import Plane

RULE = NamedRuleWithOperations(
    api_groups=("apps",), api_versions=("v1",), operations=("CREATE",), resources=("deployments", "replicasets")
)
PODS = replace(RULE, api_groups=("",), resources=("pods", "pods/status"))


def policy(*expressions: str, rule: NamedRuleWithOperations = RULE) -> ValidatingAdmissionPolicy:
    spec = ValidatingAdmissionPolicySpec(
        match_constraints=MatchResources(resource_rules=(rule,)),
        validations=tuple(Validation(expression=one) for one in expressions),
    )
    return ValidatingAdmissionPolicy(metadata=ObjectMeta(name="p"), spec=spec)


def checked(plane: Plane) -> tuple[ExpressionWarning, ...]:
    plane.sim.run(1.0)
    found = plane.get(ValidatingAdmissionPolicy, "p", "")
    assert found.status.observed_generation == found.metadata.generation
    assert found.status.type_checking is not None
    return found.status.type_checking.expression_warnings


def test_an_undefined_field_is_reported_for_each_kind() -> None:
    plane = Plane()
    plane.create(policy("object.spec.replicas > 1", "object.replicas > 1"))
    shown = "ERROR: <input>:1:7: undefined field 'replicas'\n | object.replicas > 1\n | ......^\n"
    (warning,) = checked(plane)
    assert warning.field_ref == "spec.validations[1].expression"
    assert warning.warning == f"apps/v1, Kind=Deployment: {shown}\napps/v1, Kind=ReplicaSet: {shown}"


def test_a_changed_policy_is_checked_again() -> None:
    plane = Plane()
    made = plane.create(policy("object.metadata.name != ''"))
    assert checked(plane) == ()
    plane.change(made, lambda found: replace(found, spec=policy("object.metadata.nam != ''").spec))
    assert len(checked(plane)) == 1


def test_a_status_written_by_another_client_is_left_alone() -> None:
    plane = Plane()
    made = plane.create(policy("object.kind != ''"))
    assert checked(plane) == ()
    own = TypeChecking(expression_warnings=(ExpressionWarning(field_ref="x", warning="y"),))
    plane.change(made, lambda found: replace(found, status=replace(found.status, type_checking=own)), "status")
    assert len(checked(plane)) == 1


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("object.spec.containers.all(c, c.nosuch == 1)", ""),
        ("object.metadata.labels.anything == 'x'", ""),
        ("has(object.spec.hostNetwork) && !object.spec.hostNetwork", ""),
        ("oldObject.spec.nodename == 'x'", "nodename"),
        ("object.spec.securityContext.runAsRoot", "runAsRoot"),
    ],
)
def test_maps_have_any_field_and_structs_only_the_defined_ones(text: str, field: str) -> None:
    plane = Plane()
    plane.create(policy(text, rule=PODS))
    found = "".join(one.warning for one in checked(plane))
    assert ("/v1, Kind=Pod: ERROR: <input>:1:" in found and f"undefined field '{field}'" in found) == bool(field)


def test_rules_with_wildcards_are_not_checked() -> None:
    every = replace(RULE, api_groups=("*",))
    assert kinds_to_check((every, replace(RULE, resources=("*",))), SCHEME) == ()
    assert [kind.kind for kind in kinds_to_check((RULE, PODS), SCHEME)] == ["Pod", "Deployment", "ReplicaSet"]
