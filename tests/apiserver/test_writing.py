"""Create, update, patch and delete."""

import pytest
from msgspec.structs import replace

from kubeactors.actor import Actor, Ref, handle
from kubeactors.api.apps.v1 import Deployment, DeploymentSpec
from kubeactors.api.coordination.v1 import Lease
from kubeactors.api.core.v1 import (
    ConfigMap,
    Container,
    Endpoints,
    Event,
    Namespace,
    ObjectReference,
    Pod,
    PodSpec,
    PodTemplateSpec,
    Secret,
)
from kubeactors.apimachinery.meta import DeleteOptions, LabelSelector, ObjectMeta, OwnerReference, Preconditions
from kubeactors.apimachinery.requests import JSON_PATCH, Create, ListOptions, ListResult, Result
from kubeactors.apimachinery.status import Status, StatusDetails
from tests.apiserver.plane import DRY_RUN, Plane, config_map, pod, refusal


@pytest.fixture
def plane() -> Plane:
    return Plane()


def deployment(name: str) -> Deployment:
    labels = {"a": "b"}
    template = PodTemplateSpec(
        metadata=ObjectMeta(labels=labels), spec=PodSpec(containers=(Container(name="c", image="nginx"),))
    )
    spec = DeploymentSpec(replicas=0, selector=LabelSelector(match_labels=labels), template=template)
    return Deployment(metadata=ObjectMeta(name=name), spec=spec)


def test_a_created_object_has_the_system_fields(plane: Plane) -> None:
    made = plane.create(config_map("a", x="1"))
    assert made.metadata == ObjectMeta(
        name="a",
        namespace="default",
        uid=made.metadata.uid,
        resource_version=made.metadata.resource_version,
        creation_timestamp="2026-01-01T00:00:00Z",
    )
    assert len(made.metadata.uid) == 36
    assert plane.get(ConfigMap, "a") == made


def test_system_fields_of_clients_are_ignored(plane: Plane) -> None:
    claims = ObjectMeta(
        name="a", uid="mine", creation_timestamp="2001-01-01T00:00:00Z", deletion_timestamp="2001-01-01T00:00:00Z"
    )
    made = plane.create(ConfigMap(metadata=claims))
    assert made.metadata.uid != "mine"
    assert made.metadata.creation_timestamp == "2026-01-01T00:00:00Z"
    assert made.metadata.deletion_timestamp is None


def test_a_second_object_of_the_same_name_is_rejected(plane: Plane) -> None:
    plane.create(config_map("a"))
    assert refusal(plane.try_create(config_map("a"))) == (409, "AlreadyExists", 'configmaps "a" already exists')


def test_a_name_is_generated_from_its_prefix(plane: Plane) -> None:
    made = [plane.create(ConfigMap(metadata=ObjectMeta(generate_name="web-"))).metadata.name for _ in range(3)]
    assert all(name.startswith("web-") and len(name) == 9 for name in made)
    assert len(dict.fromkeys(made)) == 3


def test_an_object_needs_a_name(plane: Plane) -> None:
    reply = plane.try_create(ConfigMap())
    message = 'ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required'
    assert refusal(reply) == (422, "Invalid", message)


def test_nothing_is_created_in_a_missing_namespace(plane: Plane) -> None:
    reply = plane.try_create(ConfigMap(metadata=ObjectMeta(name="a", namespace="nosuch")))
    assert refusal(reply) == (404, "NotFound", 'namespaces "nosuch" not found')


def test_a_resource_version_on_create_is_rejected(plane: Plane) -> None:
    reply = plane.try_create(ConfigMap(metadata=ObjectMeta(name="a", resource_version="5")))
    assert refusal(reply) == (500, "", "resourceVersion should not be set on objects to be created")


def test_a_dry_run_stores_nothing(plane: Plane) -> None:
    made = plane.create(config_map("a"), DRY_RUN)
    assert made.metadata.uid
    assert not made.metadata.resource_version
    assert plane.names(ConfigMap) == []


def test_a_dry_run_sees_what_exists(plane: Plane) -> None:
    plane.create(config_map("a"))
    assert refusal(plane.try_create(config_map("a"), DRY_RUN))[1] == "AlreadyExists"


def test_an_update_keeps_the_system_fields(plane: Plane) -> None:
    made = plane.create(config_map("a", x="1"))
    changed = plane.update(config_map("a", x="2"))
    assert changed.data == {"x": "2"}
    assert replace(changed.metadata, resource_version="") == replace(made.metadata, resource_version="")
    assert int(changed.metadata.resource_version) > int(made.metadata.resource_version)


def test_an_update_of_an_older_version_is_a_conflict(plane: Plane) -> None:
    old = plane.create(config_map("a", x="1"))
    plane.update(config_map("a", x="2"))
    message = (
        'Operation cannot be fulfilled on configmaps "a": the object has been modified; '
        "please apply your changes to the latest version and try again"
    )
    assert refusal(plane.try_update(replace(old, data={"x": "3"}))) == (409, "Conflict", message)


def test_an_update_of_another_uid_is_a_conflict(plane: Plane) -> None:
    made = plane.create(config_map("a"))
    other = replace(made, metadata=replace(made.metadata, uid="other", resource_version=""))
    code, reason, message = refusal(plane.try_update(other))
    assert (code, reason) == (409, "Conflict")
    assert f"Precondition failed: UID in precondition: other, UID in object meta: {made.metadata.uid}" in message


@pytest.mark.parametrize("subresource", ["", "status"])
def test_an_update_of_what_is_gone_is_a_conflict_if_it_names_its_uid(subresource: str, plane: Plane) -> None:
    made = plane.create(Namespace(metadata=ObjectMeta(name="a")))
    nameless = replace(made, metadata=replace(made.metadata, name="b", resource_version=""))
    said = (
        'Operation cannot be fulfilled on namespaces "b": StorageError: invalid object, Code: 4, Key: '
        "/registry/namespaces/b, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: "
        f"UID in precondition: {made.metadata.uid}, UID in object meta: "
    )
    refused = plane.try_update(nameless, subresource)
    assert refusal(refused) == (409, "Conflict", said)
    anonymous = replace(nameless, metadata=replace(nameless.metadata, uid=""))
    assert refusal(plane.try_update(anonymous, subresource)) == (404, "NotFound", 'namespaces "b" not found')


def test_a_status_of_another_uid_is_a_conflict(plane: Plane) -> None:
    made = plane.create(Namespace(metadata=ObjectMeta(name="a")))
    other = replace(made, metadata=replace(made.metadata, uid="other", resource_version=""))
    code, reason, message = refusal(plane.try_update(other, "status"))
    assert (code, reason) == (409, "Conflict")
    assert message.endswith(f"UID in precondition: other, UID in object meta: {made.metadata.uid}")


def test_an_update_with_the_uid_of_a_deleted_object_creates_nothing(plane: Plane) -> None:
    made = plane.create(Lease(metadata=ObjectMeta(name="a", namespace="default")))
    plane.delete(Lease, "a")
    code, reason, message = refusal(plane.try_update(made))
    assert (code, reason) == (409, "Conflict")
    assert message.endswith(f"Precondition failed: UID in precondition: {made.metadata.uid}, UID in object meta: ")
    assert (
        plane.update(replace(made, metadata=replace(made.metadata, uid="", resource_version=""))).metadata.name == "a"
    )


def test_an_update_that_changes_nothing_writes_nothing(plane: Plane) -> None:
    made = plane.create(config_map("a", x="1"))
    assert plane.update(made) == made
    assert plane.update(config_map("a", x="1")) == made


def test_an_update_of_a_missing_object_is_rejected(plane: Plane) -> None:
    assert refusal(plane.try_update(config_map("a"))) == (404, "NotFound", 'configmaps "a" not found')


def test_some_kinds_are_created_by_updates(plane: Plane) -> None:
    reply = plane.try_update(Endpoints(metadata=ObjectMeta(name="a")))
    assert isinstance(reply, Result)
    assert reply.code == 201
    assert reply.warnings == ("v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",)


def test_a_lease_is_not_renewed_blindly(plane: Plane) -> None:
    made = plane.create(Lease(metadata=ObjectMeta(name="a")))
    blind = replace(made, metadata=replace(made.metadata, resource_version=""))
    message = 'leases.coordination.k8s.io "a" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update'
    assert refusal(plane.try_update(blind)) == (422, "Invalid", message)


def test_a_name_other_than_that_of_the_request_is_rejected(plane: Plane) -> None:
    plane.create(config_map("a"))
    reply = plane.try_patch(ConfigMap, "a", [{"op": "replace", "path": "/metadata/name", "value": "b"}], "", JSON_PATCH)
    message = "the name of the object (b) does not match the name on the URL (a)"
    assert refusal(reply) == (400, "BadRequest", message)


def test_a_patch_is_applied_to_the_stored_object(plane: Plane) -> None:
    plane.create(config_map("a", x="1", y="2"))
    assert plane.patch(ConfigMap, "a", {"data": {"x": None, "z": "3"}}).data == {"y": "2", "z": "3"}


def test_a_patch_of_the_uid_is_reported_twice(plane: Plane) -> None:
    plane.create(config_map("a"))
    reply = plane.try_patch(ConfigMap, "a", {"metadata": {"uid": "x"}})
    message = 'ConfigMap "a" is invalid: metadata.uid: Invalid value: "x": field is immutable'
    assert refusal(reply) == (422, "Invalid", message)
    assert isinstance(reply, Status)
    assert reply.details is not None
    assert len(reply.details.causes) == 2


def test_a_changed_spec_increments_the_generation(plane: Plane) -> None:
    made = plane.create(deployment("a"))
    labelled = plane.patch(Deployment, "a", {"metadata": {"labels": {"x": "y"}}})
    changed = plane.patch(Deployment, "a", {"spec": {"minReadySeconds": 3}})
    annotated = plane.patch(Deployment, "a", {"metadata": {"annotations": {"x": "y"}}})
    assert [one.metadata.generation for one in (made, labelled, changed, annotated)] == [1, 1, 2, 3]


def test_the_status_is_updated_through_its_subresource(plane: Plane) -> None:
    made = plane.create(deployment("a"))
    ignored = plane.update(replace(made, status=replace(made.status, replicas=9)))
    assert ignored.status.replicas == 0
    reported = plane.update(
        replace(made, spec=replace(made.spec, replicas=7), status=replace(made.status, replicas=5)), "status"
    )
    assert (reported.spec.replicas, reported.status.replicas, reported.metadata.generation) == (0, 5, 1)


def test_the_reply_to_a_deletion_is_a_status(plane: Plane) -> None:
    made = plane.create(config_map("a"))
    details = StatusDetails(name="a", kind="configmaps", uid=made.metadata.uid)
    assert plane.delete(ConfigMap, "a") == Status(status="Success", details=details)
    assert refusal(plane.try_get(ConfigMap, "a")) == (404, "NotFound", 'configmaps "a" not found')
    assert refusal(plane.delete(ConfigMap, "a")) == (404, "NotFound", 'configmaps "a" not found')


def test_an_object_with_finalizers_is_deleted_when_they_are_removed(plane: Plane) -> None:
    plane.create(ConfigMap(metadata=ObjectMeta(name="a", finalizers=("example.com/hold",))))
    reply = plane.delete(ConfigMap, "a")
    lingering = plane.object(reply, ConfigMap)
    assert lingering.metadata.deletion_timestamp == "2026-01-01T00:00:00Z"
    assert lingering.metadata.deletion_grace_period_seconds == 0
    assert plane.object(plane.delete(ConfigMap, "a"), ConfigMap) == lingering
    assert refusal(plane.try_create(config_map("a")))[2] == 'object is being deleted: configmaps "a" already exists'
    more = plane.try_patch(ConfigMap, "a", {"metadata": {"finalizers": ["example.com/hold", "example.com/more"]}})
    assert refusal(more)[0] == 422
    plane.patch(ConfigMap, "a", {"metadata": {"finalizers": None}})
    assert refusal(plane.try_get(ConfigMap, "a"))[0] == 404


@pytest.mark.parametrize(
    ("options", "finalizers"),
    [
        (DeleteOptions(propagation_policy="Foreground"), ("foregroundDeletion",)),
        (DeleteOptions(propagation_policy="Orphan"), ("orphan",)),
        (DeleteOptions(orphan_dependents=True), ("orphan",)),
    ],
)
def test_the_propagation_policy_becomes_a_finalizer(
    plane: Plane, options: DeleteOptions, finalizers: tuple[str, ...]
) -> None:
    plane.create(config_map("a"))
    assert plane.object(plane.delete(ConfigMap, "a", options), ConfigMap).metadata.finalizers == finalizers


def test_preconditions_of_a_deletion_must_hold(plane: Plane) -> None:
    made = plane.create(config_map("a"))
    wrong_uid = DeleteOptions(preconditions=Preconditions(uid="other"))
    assert refusal(plane.delete(ConfigMap, "a", wrong_uid))[2] == (
        'Operation cannot be fulfilled on ConfigMap "a": the UID in the precondition (other) does not match '
        f"the UID in record ({made.metadata.uid}). The object might have been deleted and then recreated"
    )
    wrong_version = DeleteOptions(preconditions=Preconditions(resource_version="1"))
    assert refusal(plane.delete(ConfigMap, "a", wrong_version))[1] == "Conflict"
    right = Preconditions(uid=made.metadata.uid, resource_version=made.metadata.resource_version)
    assert isinstance(plane.delete(ConfigMap, "a", DeleteOptions(preconditions=right)), Status)
    assert plane.names(ConfigMap) == []


def test_a_dry_deletion_deletes_nothing(plane: Plane) -> None:
    plane.create(config_map("a"))
    assert isinstance(plane.delete(ConfigMap, "a", DeleteOptions(dry_run=("All",))), Status)
    assert plane.names(ConfigMap) == ["a"]


def test_a_collection_is_deleted_by_selector(plane: Plane) -> None:
    for name, value in (("a", "one"), ("b", "one"), ("c", "two")):
        plane.create(config_map(name, {"k": value}))
    gone = plane.delete_collection(ConfigMap, ListOptions(label_selector="k=one"))
    assert isinstance(gone, ListResult)
    assert [one.metadata.name for one in gone.items] == ["a", "b"]
    assert plane.names(ConfigMap) == ["c"]


def test_concurrent_writes_without_versions_are_both_kept(plane: Plane) -> None:
    plane.create(config_map("a"))
    for number in range(3):
        plane.patch(ConfigMap, "a", {"data": {str(number): "x"}})
    assert plane.get(ConfigMap, "a").data == {"0": "x", "1": "x", "2": "x"}


def test_an_immutable_secret_does_not_change(plane: Plane) -> None:
    plane.create(Secret(metadata=ObjectMeta(name="a"), immutable=True))
    code, reason, _ = refusal(plane.try_patch(Secret, "a", {"stringData": {"x": "y"}}))
    assert (code, reason) == (422, "Invalid")


def test_a_namespace_terminates_before_it_is_deleted(plane: Plane) -> None:
    made = plane.create(Namespace(metadata=ObjectMeta(name="shop")))
    assert made.metadata.labels == {"kubernetes.io/metadata.name": "shop"}
    assert (made.spec.finalizers, made.status.phase) == (("kubernetes",), "Active")
    ending = plane.object(plane.delete(Namespace, "shop"), Namespace)
    assert ending.status.phase == "Terminating"
    assert ending.metadata.deletion_timestamp is not None
    reply = plane.try_create(ConfigMap(metadata=ObjectMeta(name="a", namespace="shop")))
    assert refusal(reply) == (
        403,
        "Forbidden",
        'configmaps "a" is forbidden: unable to create new content in namespace shop because it is being terminated',
    )
    plane.update(replace(ending, spec=replace(ending.spec, finalizers=())), "finalize")
    assert refusal(plane.try_get(Namespace, "shop")) == (404, "NotFound", 'namespaces "shop" not found')


@pytest.mark.parametrize("name", ["default", "kube-system", "kube-public"])
def test_system_namespaces_cannot_be_deleted(plane: Plane, name: str) -> None:
    message = f'namespaces "{name}" is forbidden: this namespace may not be deleted'
    assert refusal(plane.delete(Namespace, name)) == (403, "Forbidden", message)


def test_unknown_resources_and_subresources_are_not_found(plane: Plane) -> None:
    message = "the server could not find the requested resource"
    plane.create(config_map("a"))
    assert refusal(plane.try_get(ConfigMap, "a", part="status")) == (404, "NotFound", message)


def test_pods_are_not_created_in_someone_elses_namespace(plane: Plane) -> None:
    plane.with_account()
    assert plane.create(pod("a")).metadata.namespace == "default"
    assert plane.listed(Pod, "kube-system").items == ()


def test_duplicate_owner_references_are_removed(plane: Plane) -> None:
    owner = OwnerReference(api_version="v1", kind="ConfigMap", name="x", uid="u")
    reply = plane.try_create(ConfigMap(metadata=ObjectMeta(name="a", owner_references=(owner, owner))))
    assert plane.object(reply, ConfigMap).metadata.owner_references == (owner,)
    assert isinstance(reply, Result)
    (warning,) = reply.warnings
    assert warning.endswith("duplicate UID(s) observed: u")


def test_events_expire_after_an_hour(plane: Plane) -> None:
    about = ObjectReference(kind="Pod", name="x", namespace="default")
    plane.create(Event(metadata=ObjectMeta(name="a"), involved_object=about))
    plane.sim.run(3590.0)
    assert plane.names(Event) == ["a"]
    plane.sim.run(100.0)
    assert plane.names(Event) == []


class Client(Actor[Create]):
    """Passes on a request."""

    def __init__(self, server: Ref[Create], passed: list[Create]) -> None:
        self.server = server
        self.passed = passed

    @handle
    async def create(self, message: Create) -> Result | Status:
        self.passed.append(message)
        return await self.server.ask(message)


@pytest.mark.parametrize("restarts", [False, True])
def test_a_request_is_cancelled_if_its_client_restarts_before_the_server_is_ready(*, restarts: bool) -> None:
    plane, passed = Plane(), list[Create]()
    client = plane.sim.spawn(lambda: Client(plane.server, passed), name="client")
    client.tell(plane.creating(config_map("a")))
    assert plane.sim.run_until(lambda: bool(passed))
    if restarts:
        plane.sim.crash(client, RuntimeError("broken"))
    plane.sim.run(10)
    assert plane.names(ConfigMap) == ([] if restarts else ["a"])
