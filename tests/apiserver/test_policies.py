"""Admission policies reject, warn and mutate, as their bindings say."""

from typing import cast

import pytest
from msgspec.structs import replace

from kubeactors.actor import Wait
from kubeactors.api.admissionregistration.v1.matching import (
    MatchCondition,
    MatchResources,
    NamedRuleWithOperations,
    ParamKind,
    ParamRef,
    Variable,
)
from kubeactors.api.admissionregistration.v1.mutating import (
    ApplyConfiguration,
    JSONPatch,
    MutatingAdmissionPolicy,
    MutatingAdmissionPolicyBinding,
    MutatingAdmissionPolicyBindingSpec,
    MutatingAdmissionPolicySpec,
    Mutation,
)
from kubeactors.api.admissionregistration.v1.validating import (
    ValidatingAdmissionPolicy,
    ValidatingAdmissionPolicyBinding,
    ValidatingAdmissionPolicyBindingSpec,
    ValidatingAdmissionPolicySpec,
    Validation,
)
from kubeactors.api.apps.v1 import Deployment, DeploymentSpec
from kubeactors.api.autoscaling.v1.autoscaler import HorizontalPodAutoscaler, HorizontalPodAutoscalerSpec
from kubeactors.api.autoscaling.v2.metrics import CrossVersionObjectReference
from kubeactors.api.core.v1 import ConfigMap, Namespace, Pod, PodTemplateSpec, ResourceQuota, ResourceQuotaSpec
from kubeactors.api.rbac.v1 import PolicyRule, Role, RoleBinding, RoleRef, Subject
from kubeactors.apimachinery.meta import LabelSelector, ObjectMeta
from kubeactors.apimachinery.requests import ADMIN, Create, GroupVersionResource, Result, UserInfo
from kubeactors.apimachinery.status import Status
from kubeactors.apiserver.admission.policies.literals import as_maps
from kubeactors.apiserver.admission.policies.matching import names_resource
from tests.apiserver.plane import Plane, pod

CONFIG_MAPS = NamedRuleWithOperations(
    api_groups=("",), api_versions=("v1",), operations=("CREATE", "UPDATE"), resources=("configmaps",)
)
PODS = replace(CONFIG_MAPS, resources=("pods",), operations=("CREATE", "UPDATE", "DELETE"))
SMALL = Validation(expression="!has(object.data) || size(object.data) < 2", message="at most one key")


def refusal(reply: object) -> Status:
    assert isinstance(reply, Status), reply
    assert reply.status == "Failure", reply
    return reply


def config_map(name: str = "a", **data: str) -> ConfigMap:
    return ConfigMap(metadata=ObjectMeta(name=name, namespace="default"), data=data)


def with_policy(
    spec: ValidatingAdmissionPolicySpec,
    *,
    actions: tuple[str, ...] = ("Deny",),
    narrowed: MatchResources | None = None,
    ref: ParamRef | None = None,
) -> Plane:
    plane = Plane().with_account()
    if spec.match_constraints is None:
        spec = replace(spec, match_constraints=MatchResources(resource_rules=(CONFIG_MAPS,)))
    plane.create(ValidatingAdmissionPolicy(metadata=ObjectMeta(name="p"), spec=spec))
    binding = ValidatingAdmissionPolicyBindingSpec(
        policy_name="p", validation_actions=actions, match_resources=narrowed, param_ref=ref
    )
    plane.create(ValidatingAdmissionPolicyBinding(metadata=ObjectMeta(name="b"), spec=binding))
    return plane


def test_a_denial_has_the_message_and_reason_of_the_policy() -> None:
    plane = with_policy(ValidatingAdmissionPolicySpec(validations=(replace(SMALL, reason="Forbidden"),)))
    plane.create(config_map("fits", a="1"))
    refused = refusal(plane.try_create(config_map(a="1", b="2")))
    assert (refused.code, refused.reason) == (403, "Forbidden")
    assert refused.message == (
        "configmaps \"a\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: at most one key"
    )


def test_an_update_is_validated_as_it_will_be_stored() -> None:
    plane = with_policy(ValidatingAdmissionPolicySpec(validations=(SMALL,)))
    made = plane.create(config_map(a="1"))
    assert refusal(plane.try_update(replace(made, data={"a": "1", "b": "2"}))).code == 422


def test_a_message_expression_makes_the_message() -> None:
    spec = ValidatingAdmissionPolicySpec(
        variables=(Variable(name="keys", expression="size(object.data)"),),
        validations=(
            Validation(
                expression="variables.keys < 2", message_expression="'not ' + string(variables.keys)", message="unused"
            ),
        ),
    )
    refused = refusal(with_policy(spec).try_create(config_map(a="1", b="2")))
    assert refused.message.endswith("denied request: not 2")


def test_a_warning_does_not_reject_the_request() -> None:
    plane = with_policy(ValidatingAdmissionPolicySpec(validations=(SMALL,)), actions=("Warn", "Audit"))
    result = plane.try_create(config_map(a="1", b="2"))
    assert isinstance(result, Result)
    assert result.warnings == ("Validation failed for ValidatingAdmissionPolicy 'p' with binding 'b': at most one key",)


@pytest.mark.parametrize(("verb", "allowed"), [("bind", False), ("update", True)])
def test_a_policy_can_check_the_authorizer(verb: str, *, allowed: bool) -> None:
    replica_sets = (
        "authorizer.serviceAccount('kube-system', 'deployment-controller').group('apps').resource('replicasets')"
    )
    spec = ValidatingAdmissionPolicySpec(
        validations=(Validation(expression=f"{replica_sets}.check('{verb}').allowed()"),)
    )
    assert isinstance(with_policy(spec).try_create(config_map()), Result) == allowed


def autoscaler() -> HorizontalPodAutoscaler:
    target = CrossVersionObjectReference(kind="Deployment", name="web", api_version="apps/v1")
    spec = HorizontalPodAutoscalerSpec(scale_target_ref=target, max_replicas=3, target_cpu_utilization_percentage=50)
    return HorizontalPodAutoscaler(metadata=ObjectMeta(name="web", namespace="default"), spec=spec)


SECOND_VERSION = NamedRuleWithOperations(
    api_groups=("autoscaling",),
    api_versions=("v2",),
    operations=("CREATE",),
    resources=("horizontalpodautoscalers",),
)


@pytest.mark.parametrize(("match_policy", "looked_at"), [("Equivalent", True), ("Exact", False)])
def test_a_rule_matches_all_versions_unless_it_is_exact(match_policy: str, *, looked_at: bool) -> None:
    constraints = MatchResources(resource_rules=(SECOND_VERSION,), match_policy=match_policy)
    seen = (
        "object.spec.metrics[0].resource.name + ' ' + request.kind.version + ' ' + request.requestKind.version + ' ' +"
        " request.resource.version + ' ' + object.apiVersion"
    )
    spec = ValidatingAdmissionPolicySpec(
        match_constraints=constraints, validations=(Validation(expression="false", message_expression=seen),)
    )
    reply = with_policy(spec).try_create(autoscaler())
    if looked_at:
        assert refusal(reply).message.endswith("denied request: cpu v2 v1 v2 autoscaling/v2")
    else:
        assert isinstance(reply, Result)


def test_a_rule_of_the_first_version_sees_the_first_version() -> None:
    first = replace(SECOND_VERSION, api_versions=("v1",))
    small = Validation(expression="object.spec.targetCPUUtilizationPercentage < 50", message="too much")
    spec = ValidatingAdmissionPolicySpec(
        match_constraints=MatchResources(resource_rules=(first,)), validations=(small,)
    )
    assert refusal(with_policy(spec).try_create(autoscaler())).message.endswith("denied request: too much")


def test_a_resource_excluded_in_one_version_is_excluded_in_all() -> None:
    constraints = MatchResources(
        resource_rules=(replace(SECOND_VERSION, api_versions=("*",)),), exclude_resource_rules=(SECOND_VERSION,)
    )
    spec = ValidatingAdmissionPolicySpec(match_constraints=constraints, validations=(Validation(expression="false"),))
    assert isinstance(with_policy(spec).try_create(autoscaler()), Result)


def test_a_policy_can_check_access_to_the_requested_resource() -> None:
    may_delete = Validation(expression="authorizer.requestResource.check('delete').allowed()", message="may not delete")
    plane = with_policy(ValidatingAdmissionPolicySpec(validations=(may_delete,)))
    request = Create(
        resource=GroupVersionResource("", "v1", "configmaps"), namespace="default", object=config_map(), user=ADMIN
    )
    assert isinstance(plane.sim.ask(plane.server, request), Result)
    role = Role(
        metadata=ObjectMeta(name="r", namespace="default"),
        rules=(PolicyRule(api_groups=("",), resources=("configmaps",), verbs=("create",)),),
    )
    plane.create(role)
    binding = RoleBinding(
        metadata=ObjectMeta(name="r", namespace="default"),
        subjects=(Subject(kind="User", name="jane", api_group="rbac.authorization.k8s.io"),),
        role_ref=RoleRef(api_group="rbac.authorization.k8s.io", kind="Role", name="r"),
    )
    plane.create(binding)
    jane = replace(request, object=config_map("b"), user=UserInfo(name="jane"))
    assert refusal(plane.sim.ask(plane.server, jane)).message.endswith("denied request: may not delete")


def test_an_expensive_expression_is_stopped_and_rejects_the_request() -> None:
    pairs = "object.data.all(a, object.data.all(b, object.data.all(c, a + b + c != '')))"
    plane = with_policy(ValidatingAdmissionPolicySpec(validations=(Validation(expression=pairs),)))
    plane.create(config_map("small", a="1"))
    refused = refusal(plane.try_create(config_map("large", **{f"k{i}": "" for i in range(2000)})))
    assert refused.message.endswith(
        f"expression '{pairs}' resulted in error: operation cancelled: actual cost limit exceeded"
    )


def test_message_expressions_cannot_use_the_authorizer() -> None:
    asks = Validation(expression="true", message_expression="authorizer.path('/').check('get').reason()")
    policy = ValidatingAdmissionPolicy(
        metadata=ObjectMeta(name="p"),
        spec=ValidatingAdmissionPolicySpec(
            match_constraints=MatchResources(resource_rules=(CONFIG_MAPS,)), validations=(asks,)
        ),
    )
    assert "undeclared reference to 'authorizer'" in refusal(Plane().try_create(policy)).message


@pytest.mark.parametrize(("failure_policy", "passes"), [("Fail", False), ("Ignore", True)])
def test_an_evaluation_error_follows_the_failure_policy(failure_policy: str, *, passes: bool) -> None:
    spec = ValidatingAdmissionPolicySpec(
        failure_policy=failure_policy, validations=(Validation(expression="object.data['nosuch'] == 'x'"),)
    )
    assert isinstance(with_policy(spec).try_create(config_map(a="1")), Result) == passes


def test_a_match_condition_excludes_requests() -> None:
    spec = ValidatingAdmissionPolicySpec(
        match_conditions=(MatchCondition(name="not-free", expression="object.metadata.name != 'free'"),),
        validations=(SMALL,),
    )
    plane = with_policy(spec)
    plane.create(config_map("free", a="1", b="2"))
    assert refusal(plane.try_create(config_map(a="1", b="2"))).code == 422


def test_a_binding_narrows_a_policy_to_namespaces() -> None:
    labelled = MatchResources(namespace_selector=LabelSelector(match_labels={"strict": "yes"}))
    plane = with_policy(ValidatingAdmissionPolicySpec(validations=(SMALL,)), narrowed=labelled)
    plane.create(config_map(a="1", b="2"))
    plane.create(Namespace(metadata=ObjectMeta(name="strict", labels={"strict": "yes"})))
    inside = replace(config_map(a="1", b="2"), metadata=ObjectMeta(name="a", namespace="strict"))
    assert refusal(plane.try_create(inside)).code == 422


def test_parameters_come_from_the_object_that_the_binding_names() -> None:
    spec = ValidatingAdmissionPolicySpec(
        param_kind=ParamKind(api_version="v1", kind="ConfigMap"),
        match_constraints=MatchResources(resource_rules=(PODS,)),
        validations=(Validation(expression="object.metadata.name.startsWith(params.data.prefix)"),),
    )
    plane = with_policy(spec, ref=ParamRef(name="limits", parameter_not_found_action="Deny"))
    missing = refusal(plane.try_create(pod("ok-1")))
    assert missing.message.endswith(
        "failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction"
    )
    plane.create(config_map("limits", prefix="ok-"))
    plane.create(pod("ok-1"))
    assert refusal(plane.try_create(pod("bad"))).message.endswith(
        "failed expression: object.metadata.name.startsWith(params.data.prefix)"
    )


def test_a_deletion_is_validated_with_the_old_object() -> None:
    spec = ValidatingAdmissionPolicySpec(
        match_constraints=MatchResources(resource_rules=(PODS,)),
        validations=(
            Validation(
                expression="request.operation != 'DELETE' || !('keep' in oldObject.metadata.?labels.orValue({}))"
            ),
        ),
    )
    plane = with_policy(spec)
    plane.create(pod("kept", labels={"keep": "yes"}))
    plane.create(pod("other"))
    assert refusal(plane.delete(Pod, "kept")).code == 422
    plane.delete(Pod, "other")


def test_a_policy_without_a_binding_or_a_deleted_one_has_no_effect() -> None:
    plane = with_policy(ValidatingAdmissionPolicySpec(validations=(SMALL,)))
    plane.delete(ValidatingAdmissionPolicyBinding, "b")
    plane.create(config_map(a="1", b="2"))


def with_change(mutation: Mutation, rule: NamedRuleWithOperations = CONFIG_MAPS, reinvocation: str = "Never") -> Plane:
    plane = Plane().with_account()
    spec = MutatingAdmissionPolicySpec(
        match_constraints=MatchResources(resource_rules=(rule,)),
        mutations=(mutation,),
        reinvocation_policy=reinvocation,
    )
    plane.create(MutatingAdmissionPolicy(metadata=ObjectMeta(name="p"), spec=spec))
    binding = MutatingAdmissionPolicyBindingSpec(policy_name="p")
    plane.create(MutatingAdmissionPolicyBinding(metadata=ObjectMeta(name="b"), spec=binding))
    return plane


def applied(expression: str) -> Mutation:
    return Mutation(patch_type="ApplyConfiguration", apply_configuration=ApplyConfiguration(expression=expression))


def test_an_apply_configuration_is_merged_into_a_new_object() -> None:
    plane = with_change(applied("Object{metadata: Object.metadata{labels: {'team': 'a'}}, data: {'b': '2'}}"))
    made = plane.create(config_map(a="1"))
    assert (made.metadata.labels, made.data) == ({"team": "a"}, {"a": "1", "b": "2"})


def test_a_retried_create_is_mutated_as_well() -> None:
    plane = with_change(applied("Object{metadata: Object.metadata{labels: {'team': 'a'}}}"))
    quota = ResourceQuota(metadata=ObjectMeta(name="q", namespace="default"), spec=room_for_config_maps("0"))
    quota = plane.create(quota)
    assert refusal(plane.try_create(config_map(a="1"))).code == 403
    raised = replace(quota, spec=room_for_config_maps("1"))
    asked = [plane.server.ask(one) for one in (plane.updating(raised), plane.creating(config_map(a="1")))]
    plane.sim.run(1)  # the quota that the server has cached leaves no room yet
    _, made = [cast("Wait[Result | Status]", one).result() for one in asked]
    assert isinstance(made, Result), made
    assert made.object.metadata.labels == {"team": "a"}


def room_for_config_maps(count: str) -> ResourceQuotaSpec:
    return ResourceQuotaSpec(hard={"configmaps": count})


def test_containers_are_merged_by_name_and_get_their_defaults() -> None:
    expression = """Object{spec: Object.spec{initContainers: [
        Object.spec.initContainers{name: "mesh", image: "mesh:1", restartPolicy: "Always"}]}}"""
    made = with_change(applied(expression), PODS).create(pod("a"))
    (init,) = made.spec.init_containers
    assert (init.name, init.restart_policy, init.image_pull_policy) == ("mesh", "Always", "IfNotPresent")
    assert [one.name for one in made.spec.containers] == [one.name for one in pod("a").spec.containers]


def test_a_json_patch_changes_what_it_names() -> None:
    expression = """[JSONPatch{op: "add", path: "/metadata/annotations", value: {}}, JSONPatch{
        op: "add", path: "/metadata/annotations/" + jsonpatch.escapeKey("a.com/b"), value: object.data.a + "!"}]"""
    plane = with_change(Mutation(patch_type="JSONPatch", json_patch=JSONPatch(expression=expression)))
    assert plane.create(config_map(a="1")).metadata.annotations == {"a.com/b": "1!"}


def test_a_failed_mutation_rejects_the_request() -> None:
    plane = with_change(
        applied("Object{spec: Object.spec{replicas: 'many'}}"),
        replace(CONFIG_MAPS, resources=("*",), api_groups=("apps",)),
    )
    template = PodTemplateSpec(metadata=ObjectMeta(labels={"a": "b"}), spec=pod("a").spec)
    deployment = Deployment(
        metadata=ObjectMeta(name="web", namespace="default"),
        spec=DeploymentSpec(selector=LabelSelector(match_labels={"a": "b"}), template=template),
    )
    refused = refusal(plane.try_create(deployment))
    assert "MutatingAdmissionPolicy 'p' with binding 'b' denied request: the changed Deployment cannot be read" in (
        refused.message
    )


@pytest.mark.parametrize(
    ("pattern", "resource", "subresource", "named"),
    [
        ("pods", "pods", "", True),
        ("pods", "pods", "status", False),
        ("pods/*", "pods", "", False),
        ("pods/*", "pods", "status", True),
        ("*/scale", "deployments", "scale", True),
        ("*/scale", "deployments", "", False),
        ("*", "deployments", "scale", False),
        ("*/*", "deployments", "scale", True),
        ("*/*", "deployments", "", True),
    ],
)
def test_a_pattern_matches_resources_and_subresources(
    pattern: str, resource: str, subresource: str, *, named: bool
) -> None:
    assert names_resource(pattern, resource, subresource) == named


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Object{}", "{}"),
        ("Object{a: [Object.a{b: 'Object{c: 1}'}]}", '{"a": [{"b": \'Object{c: 1}\'}]}'),
        ("Object{a: {'k': x.y}, b: f(1, z)}", '{"a": {\'k\': x.y}, "b": f(1, z)}'),
        ("has(object.a) ? Object{a: b} : Object{`c-d`: e}", 'has(object.a) ? {"a": b} : {"c-d": e}'),
        ("Object . spec {a: 1}", '{"a": 1}'),
    ],
)
def test_object_literals_are_read_as_maps(written: str, read: str) -> None:
    assert as_maps(written) == read
