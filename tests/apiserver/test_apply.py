"""Server-side apply, and managed fields after other writes."""

from collections.abc import Mapping

import msgspec
import pytest
from msgspec.structs import replace

from kubeactors.api.apps.v1 import Deployment
from kubeactors.api.autoscaling.v1 import Scale, ScaleSpec
from kubeactors.api.core.v1 import ConfigMap, LocalObjectReference, Pod
from kubeactors.apimachinery.meta import ObjectMeta, TypedObject
from kubeactors.apimachinery.requests import ADMIN, APPLY_PATCH, Create, Patch, Result, Update, UserInfo, WriteOptions
from kubeactors.apimachinery.status import Status
from tests.apiserver.plane import Plane, config_map, gvr_of, pod, refusal

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


@pytest.fixture
def plane() -> Plane:
    return Plane().with_account()


def settings(**data: str) -> dict[str, object]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": data}


def deployment(**spec: object) -> dict[str, object]:
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "x"}]}}
    whole = {"replicas": 1, "selector": {"matchLabels": {"a": "b"}}, "template": template, **spec}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}, "spec": whole}


def try_apply(
    plane: Plane,
    type_: type[TypedObject],
    config: Mapping[str, object],
    manager: str = "one",
    *,
    force: bool | None = None,
    dry_run: tuple[str, ...] = (),
    part: str = "",
) -> Result | Status:
    options = WriteOptions(field_manager=manager, force=force, dry_run=dry_run)
    request = Patch(
        resource=gvr_of(type_),
        namespace="default",
        name="a",
        subresource=part,
        patch_type=APPLY_PATCH,
        patch=msgspec.json.encode(config),
        options=options,
        user=ADMIN,
    )
    return plane.sim.ask(plane.server, request)


def apply(plane: Plane, config: Mapping[str, object], manager: str = "one", *, force: bool | None = None) -> ConfigMap:
    return plane.object(try_apply(plane, ConfigMap, config, manager, force=force), ConfigMap)


def owners(value: TypedObject) -> dict[tuple[str, str, str], object]:
    return {(one.manager, one.operation, one.subresource): one.fields_v1 for one in value.metadata.managed_fields}


def test_an_apply_creates_then_updates_and_a_repetition_writes_nothing(plane: Plane) -> None:
    reply = try_apply(plane, ConfigMap, settings(x="1"))
    assert isinstance(reply, Result)
    assert reply.code == 201
    first = plane.object(reply, ConfigMap)
    plane.sim.run(5)
    assert apply(plane, settings(x="1")) == first
    second = apply(plane, settings(y="2"))
    assert second.data == {"y": "2"}
    assert owners(second) == {("one", "Apply", ""): {"f:data": {"f:y": {}}}}


def test_a_conflict_is_rejected_unless_forced(plane: Plane) -> None:
    apply(plane, settings(x="1"))
    reply = try_apply(plane, ConfigMap, settings(x="2"), "two")
    assert refusal(reply) == (409, "Conflict", 'Apply failed with 1 conflict: conflict with "one": .data.x')
    assert isinstance(reply, Status)
    assert reply.details is not None
    assert [(one.reason, one.field) for one in reply.details.causes] == [("FieldManagerConflict", ".data.x")]
    taken = apply(plane, settings(x="2"), "two", force=True)
    assert (taken.data, owners(taken)) == ({"x": "2"}, {("two", "Apply", ""): {"f:data": {"f:x": {}}}})


def test_an_update_owns_the_fields_it_changes(plane: Plane) -> None:
    applied = apply(plane, settings(x="1", y="2"))
    request = Update(
        resource=gvr_of(ConfigMap),
        namespace="default",
        name="a",
        object=replace(applied, data={"x": "9", "y": "2"}),
        options=WriteOptions(field_manager="editor"),
        user=ADMIN,
    )
    changed = plane.object(plane.sim.ask(plane.server, request), ConfigMap)
    assert owners(changed) == {
        ("one", "Apply", ""): {"f:data": {"f:y": {}}},
        ("editor", "Update", ""): {"f:data": {"f:x": {}}},
    }
    reply = try_apply(plane, ConfigMap, settings(x="1", y="2"))
    assert refusal(reply)[2] == 'Apply failed with 1 conflict: conflict with "editor" using v1: .data.x'


def test_a_write_without_a_manager_adds_no_managed_fields(plane: Plane) -> None:
    made = plane.create(config_map("a", x="1"))
    changed = plane.patch(ConfigMap, "a", {"data": {"x": "2"}})
    assert (made.metadata.managed_fields, changed.metadata.managed_fields) == ((), ())
    applied = apply(plane, settings(y="2"))
    assert owners(applied) == {
        ("one", "Apply", ""): {"f:data": {"f:y": {}}},
        ("before-first-apply", "Update", ""): {"f:data": {".": {}, "f:x": {}}},
    }


def test_components_own_their_writes_once_an_object_has_managed_fields(plane: Plane) -> None:
    request = Create(
        resource=gvr_of(Pod),
        namespace="default",
        object=pod("a"),
        options=WriteOptions(field_manager="kubectl"),
        user=ADMIN,
    )
    made = plane.object(plane.sim.ask(plane.server, request), Pod)
    running = replace(made, status=replace(made.status, phase="Running"))
    update = Update(
        resource=gvr_of(Pod),
        namespace="default",
        name="a",
        subresource="status",
        object=running,
        user=UserInfo(name="system:node:n", groups=("system:masters",)),
    )
    changed = plane.object(plane.sim.ask(plane.server, update), Pod)
    assert owners(changed)["kubelet", "Update", "status"] == {"f:status": {"f:phase": {}}}
    assert ("kubectl", "Update", "") in owners(changed)


def test_a_scale_owns_the_replicas(plane: Plane) -> None:
    try_apply(plane, Deployment, deployment())
    scale = Scale(metadata=ObjectMeta(name="a", namespace="default"), spec=ScaleSpec(replicas=3))
    request = Update(
        resource=gvr_of(Deployment),
        namespace="default",
        name="a",
        subresource="scale",
        object=scale,
        options=WriteOptions(field_manager="scaler"),
        user=ADMIN,
    )
    assert isinstance(plane.sim.ask(plane.server, request), Result)
    found = owners(plane.get(Deployment, "a"))
    assert found["scaler", "Update", "scale"] == {"f:spec": {"f:replicas": {}}}
    reply = try_apply(plane, Deployment, deployment())
    said = 'conflict with "scaler" with subresource "scale" using apps/v1: .spec.replicas'
    assert refusal(reply)[2] == f"Apply failed with 1 conflict: {said}"


def scale_to(replicas: int, **metadata: object) -> dict[str, object]:
    spec = {"replicas": replicas}
    return {"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": {"name": "a", **metadata}, "spec": spec}


def owners_of_replicas(value: TypedObject) -> dict[tuple[str, str, str], str]:
    """The entries with `spec.replicas`, and their versions."""
    return {
        (one.manager, one.operation, one.subresource): one.api_version
        for one in value.metadata.managed_fields
        if "f:replicas" in repr(one.fields_v1)
    }


def test_a_scale_is_applied_and_its_manager_owns_the_replicas(plane: Plane) -> None:
    try_apply(plane, Deployment, deployment())
    reply = try_apply(plane, Deployment, scale_to(17), "scaler", part="scale")
    assert refusal(reply)[2] == 'Apply failed with 1 conflict: conflict with "one": .spec.replicas'
    reply = try_apply(plane, Deployment, scale_to(17), "scaler", part="scale", force=True)
    assert plane.object(reply, Scale).spec == ScaleSpec(replicas=17)
    found = plane.get(Deployment, "a")
    assert (found.spec.replicas, found.metadata.generation) == (17, 2)
    assert owners_of_replicas(found) == {("scaler", "Apply", "scale"): "apps/v1"}
    assert owners(found)["scaler", "Apply", "scale"] == {"f:spec": {"f:replicas": {}}}
    assert "f:template" in repr(owners(found)["one", "Apply", ""])


def test_two_managers_that_apply_the_same_scale_own_it_until_another_scales(plane: Plane) -> None:
    try_apply(plane, Deployment, deployment())
    assert isinstance(try_apply(plane, Deployment, scale_to(1), "scaler", part="scale"), Result)
    found = plane.get(Deployment, "a")
    assert owners_of_replicas(found) == {("one", "Apply", ""): "apps/v1", ("scaler", "Apply", "scale"): "apps/v1"}
    again = try_apply(plane, Deployment, scale_to(1), "scaler", part="scale")
    assert plane.object(again, Scale).metadata.resource_version == found.metadata.resource_version
    plane.try_patch(Deployment, "a", {"spec": {"replicas": 2}}, "scale")
    assert "scaler" not in repr(owners_of_replicas(plane.get(Deployment, "a")))


def test_replicas_that_nobody_owns_are_taken_over_by_force_alone(plane: Plane) -> None:
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "x"}]}}
    spec = {"selector": {"matchLabels": {"a": "b"}}, "template": template}
    try_apply(plane, Deployment, {**deployment(), "spec": spec})
    reply = try_apply(plane, Deployment, scale_to(3), "scaler", part="scale")
    said = 'conflict with "before-first-apply" with subresource "scale" using autoscaling/v1: .spec.replicas'
    assert refusal(reply)[2] == f"Apply failed with 1 conflict: {said}"


def test_a_scale_with_another_uid_is_not_applied(plane: Plane) -> None:
    try_apply(plane, Deployment, deployment())
    uid = plane.get(Deployment, "a").metadata.uid
    reply = try_apply(plane, Deployment, scale_to(1, uid="other"), "scaler", part="scale")
    why = f"Precondition failed: UID in precondition: other, UID in object meta: {uid}"
    said = f'Operation cannot be fulfilled on deployments/scale.apps "a": {why}'
    assert refusal(reply) == (409, "Conflict", said)


def test_a_scale_of_a_workload_that_does_not_exist_is_not_applied(plane: Plane) -> None:
    reply = try_apply(plane, Deployment, scale_to(1), "scaler", part="scale")
    assert refusal(reply) == (404, "NotFound", 'deployments.apps "a" not found')


def test_server_side_apply_takes_over_from_client_side_apply(plane: Plane) -> None:
    text = msgspec.json.encode(settings(x="1", y="2")).decode()
    given = config_map("a", x="1", y="2")
    given = replace(given, metadata=replace(given.metadata, annotations={LAST_APPLIED: text}))
    request = Create(
        resource=gvr_of(ConfigMap),
        namespace="default",
        object=given,
        options=WriteOptions(field_manager="kubectl-client-side-apply"),
        user=ADMIN,
    )
    plane.sim.ask(plane.server, request)
    applied = apply(plane, settings(x="3"), "kubectl")
    assert applied.data == {"x": "3", "y": "2"}
    assert applied.metadata.annotations[LAST_APPLIED] == (
        '{"apiVersion":"v1","data":{"x":"3"},"kind":"ConfigMap","metadata":{"name":"a"}}\n'
    )


def test_items_without_keys_are_left_to_validation(plane: Plane) -> None:
    given = pod("a")
    secrets = (LocalObjectReference(), LocalObjectReference())
    request = Create(
        resource=gvr_of(Pod),
        namespace="default",
        object=replace(given, spec=replace(given.spec, image_pull_secrets=secrets)),
        options=WriteOptions(field_manager="kubectl"),
        user=ADMIN,
    )
    made = plane.object(plane.sim.ask(plane.server, request), Pod)
    (owned,) = owners(made).values()
    assert isinstance(owned, dict)
    assert owned["f:spec"]["f:imagePullSecrets"] == {".": {}, 'k:{"name":""}': {}}


def test_a_dry_run_writes_nothing(plane: Plane) -> None:
    reply = try_apply(plane, ConfigMap, settings(x="1"), dry_run=("All",))
    assert isinstance(reply, Result)
    assert plane.names(ConfigMap) == []


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"metadata": {"name": "a"}}, (400, "BadRequest", "invalid object type: /, Kind=")),
        (
            {**settings(), "metadata": {"name": "b"}},
            (400, "BadRequest", "the name of the object (b) does not match the name on the URL (a)"),
        ),
        (
            {**settings(), "metadata": {"name": "a", "managedFields": []}},
            (400, "BadRequest", "metadata.managedFields must be nil"),
        ),
        (
            {**settings(), "hue": "blue"},
            (
                500,
                "",
                "failed to create typed patch object (/a; /v1, Kind=ConfigMap): .hue: field not declared in schema",
            ),
        ),
        (
            {**settings(), "metadata": {"name": "a", "uid": "u"}},
            (
                409,
                "Conflict",
                (
                    'Operation cannot be fulfilled on configmaps "a": uid mismatch: the provided object specified uid u, '
                    "and no existing object was found"
                ),
            ),
        ),
    ],
)
def test_an_invalid_configuration_is_rejected(
    plane: Plane, config: Mapping[str, object], said: tuple[int, str, str]
) -> None:
    assert refusal(try_apply(plane, ConfigMap, config)) == said
    assert plane.names(ConfigMap) == []


def create(plane: Plane, value: Pod, manager: str = "kubectl") -> Pod:
    options = WriteOptions(field_manager=manager)
    request = Create(resource=gvr_of(Pod), namespace="default", object=value, options=options, user=ADMIN)
    return plane.object(plane.sim.ask(plane.server, request), Pod)


def test_new_objects_that_differ_in_name_share_their_managed_fields(plane: Plane) -> None:
    first, second, third = (create(plane, pod(name, labels={"a": "b"})) for name in ("x", "y", "z"))
    assert owners(first) == owners(second) == owners(third)
    assert second.metadata.managed_fields[0].fields_v1 is third.metadata.managed_fields[0].fields_v1


def test_a_new_object_with_another_label_or_spec_has_its_own_managed_fields(plane: Plane) -> None:
    create(plane, pod("x", labels={"a": "b"}))
    labelled = create(plane, pod("y", labels={"c": "d"}))
    (entry,) = labelled.metadata.managed_fields
    assert entry.fields_v1 is not None
    assert entry.fields_v1["f:metadata"] == {"f:labels": {".": {}, "f:c": {}}}
    base = pod("z", labels={"c": "d"})
    hosted = create(plane, replace(base, spec=replace(base.spec, hostname="h")))
    assert "f:hostname" in str(hosted.metadata.managed_fields[0].fields_v1)
    assert "f:hostname" not in str(entry.fields_v1)


def test_a_too_long_manager_name_is_reported_by_each_validation_of_metadata(plane: Plane) -> None:
    made = plane.create(config_map("a", x="1"), WriteOptions(field_manager="one"))
    (entry,) = made.metadata.managed_fields
    long = replace(entry, manager="m" * 129)
    reply = plane.try_update(replace(made, metadata=replace(made.metadata, managed_fields=(long,))))
    assert isinstance(reply, Status)
    assert reply.details is not None
    assert [(one.field, one.message) for one in reply.details.causes] == [
        ("metadata.managedFields[0].manager", "Too long: may not be more than 128 bytes")
    ] * 4
