"""Admission and registry of pods."""

import pytest
from msgspec.structs import replace

from kubeactors.api.core.v1 import (
    AppArmorProfile,
    Binding,
    Container,
    ContainerPort,
    EnvFromSource,
    EnvVar,
    EnvVarSource,
    EphemeralContainer,
    LocalObjectReference,
    Node,
    ObjectReference,
    Pod,
    PodSchedulingGate,
    PodSecurityContext,
    PodSpec,
    ResourceRequirements,
    SecretEnvSource,
    SecretKeySelector,
    SecretVolumeSource,
    SecurityContext,
    ServiceAccount,
    Taint,
    Toleration,
    Volume,
)
from kubeactors.api.policy.v1 import Eviction
from kubeactors.apimachinery.meta import DeleteOptions, ObjectMeta, OwnerReference, Preconditions
from kubeactors.apimachinery.requests import Result
from kubeactors.apimachinery.status import Status
from tests.apiserver.plane import Plane, pod, refusal


@pytest.fixture
def plane() -> Plane:
    return Plane().with_account()


def bind(plane: Plane, name: str, node: str, *, gone_uid: str = "") -> Result | Status:
    target = ObjectReference(kind="Node", name=node)
    return plane.act(Pod, name, "binding", Binding(metadata=ObjectMeta(name=name, uid=gone_uid), target=target))


def test_a_pod_is_completed(plane: Plane) -> None:
    made = plane.create(pod("a"))
    spec = made.spec
    (volume,) = spec.volumes
    (container,) = spec.containers
    (mount,) = container.volume_mounts
    assert volume.name.startswith("kube-api-access-")
    assert (mount.name, mount.mount_path, mount.read_only) == (
        volume.name,
        "/var/run/secrets/kubernetes.io/serviceaccount",
        True,
    )
    assert (spec.service_account_name, spec.service_account) == ("default", "default")
    assert (spec.priority, spec.preemption_policy) == (0, "PreemptLowerPriority")
    assert spec.tolerations == tuple(
        Toleration(key=f"node.kubernetes.io/{one}", operator="Exists", effect="NoExecute", toleration_seconds=300)
        for one in ("not-ready", "unreachable")
    )
    assert (made.status.phase, made.status.qos_class, made.metadata.generation) == ("Pending", "BestEffort", 1)


def env(name: str, secret: str) -> EnvVar:
    return EnvVar(name=name, value_from=EnvVarSource(secret_key_ref=SecretKeySelector(name=secret, key="k")))


def all_of(secret: str) -> EnvFromSource:
    return EnvFromSource(secret_ref=SecretEnvSource(name=secret))


def create_careful_account(plane: Plane) -> None:
    """Create an account whose pods may use only the secrets that it lists."""
    plane.create(
        ServiceAccount(
            metadata=ObjectMeta(
                name="careful", namespace="default", annotations={"kubernetes.io/enforce-mountable-secrets": "true"}
            ),
            secrets=(ObjectReference(name="own"),),
            image_pull_secrets=(LocalObjectReference(name="registry"),),
        )
    )


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"volumes": (Volume(name="v", secret=SecretVolumeSource(secret_name="own")),)}, ""),
        (
            {"volumes": (Volume(name="v", secret=SecretVolumeSource(secret_name="other")),)},
            'volume with secret.secretName="other" {} secret',
        ),
        (
            {"init_containers": (Container(name="i", image="i", env=(env("A", "own"), env("B", "other"))),)},
            'init container i with envVar B referencing secret.secretName="other" {} secret',
        ),
        (
            {"containers": (Container(name="c", image="i", env=(env("A", "other"),)),)},
            'container c with envVar A referencing secret.secretName="other" {} secret',
        ),
        ({"containers": (Container(name="c", image="i", env_from=(all_of("own"),)),)}, ""),
        (
            {"init_containers": (Container(name="i", image="i", env_from=(all_of("own"), all_of("other"))),)},
            'init container i with envFrom referencing secret.secretName="other" {} secret',
        ),
        (
            {"containers": (Container(name="c", image="i", env_from=(all_of("other"),)),)},
            'container c with envFrom referencing secret.secretName="other" {} secret',
        ),
        ({"image_pull_secrets": (LocalObjectReference(name="registry"),)}, ""),
        (
            {"image_pull_secrets": (LocalObjectReference(name="own"),)},
            'imagePullSecrets[0].name="own" {} imagePullSecret',
        ),
    ],
)
def test_pods_of_an_enforcing_account_use_listed_secrets_only(
    plane: Plane, spec: dict[str, object], expected: str
) -> None:
    create_careful_account(plane)
    asked = pod("a")
    reply = plane.try_create(replace(asked, spec=replace(asked.spec, service_account_name="careful", **spec)))
    why = expected.format("is not allowed because service account careful does not reference that")
    assert (refusal(reply)[2] if isinstance(reply, Status) else "") == (why and f'pods "a" is forbidden: {why}')


@pytest.mark.parametrize(("secret", "refused"), [("own", False), ("other", True)])
def test_an_ephemeral_container_uses_a_secret_only_if_the_account_lists_it(
    plane: Plane, secret: str, *, refused: bool
) -> None:
    create_careful_account(plane)
    asked = pod("a")
    made = plane.create(replace(asked, spec=replace(asked.spec, service_account_name="careful")))
    debugger = EphemeralContainer(
        name="debug",
        image="i",
        termination_message_policy="File",
        image_pull_policy="Always",
        env_from=(all_of(secret),),
    )
    added = replace(made, spec=replace(made.spec, ephemeral_containers=(debugger,)))
    reply = plane.try_update(added, "ephemeralcontainers")
    why = (
        'pods "a" is forbidden: ephemeral container debug with envFrom referencing secret.secretName="other" '
        "is not allowed because service account careful does not reference that secret"
    )
    assert (refusal(reply)[2] if isinstance(reply, Status) else "") == (why if refused else "")


def test_a_pod_needs_its_service_account() -> None:
    message = (
        'pods "a" is forbidden: error looking up service account default/default: serviceaccount "default" not found'
    )
    assert refusal(Plane().try_create(pod("a"))) == (403, "Forbidden", message)


def test_an_account_too_new_for_the_cache_is_found() -> None:
    plane = Plane()
    plane.create(ServiceAccount(metadata=ObjectMeta(name="default")))
    assert plane.create(pod("a")).spec.service_account_name == "default"


def test_a_pod_can_opt_out_of_the_token(plane: Plane) -> None:
    spec = replace(pod("a").spec, automount_service_account_token=False)
    assert plane.create(Pod(metadata=ObjectMeta(name="a"), spec=spec)).spec.volumes == ()
    plane.create(ServiceAccount(metadata=ObjectMeta(name="mute"), automount_service_account_token=False))
    spec = replace(pod("b").spec, service_account_name="mute")
    assert plane.create(Pod(metadata=ObjectMeta(name="b"), spec=spec)).spec.volumes == ()


def test_pull_secrets_come_from_the_account(plane: Plane) -> None:
    secrets = (LocalObjectReference(name="registry"),)
    plane.create(ServiceAccount(metadata=ObjectMeta(name="puller"), image_pull_secrets=secrets))
    spec = replace(pod("a").spec, service_account_name="puller")
    assert plane.create(Pod(metadata=ObjectMeta(name="a"), spec=spec)).spec.image_pull_secrets == secrets


@pytest.mark.parametrize(
    ("name", "priority"), [("system-node-critical", 2_000_001_000), ("system-cluster-critical", 2_000_000_000)]
)
def test_the_priority_of_a_class_is_computed(plane: Plane, name: str, priority: int) -> None:
    spec = replace(pod("a").spec, priority_class_name=name)
    assert plane.create(Pod(metadata=ObjectMeta(name="a"), spec=spec)).spec.priority == priority


def test_an_unknown_priority_class_is_rejected(plane: Plane) -> None:
    spec = replace(pod("a").spec, priority_class_name="nosuch")
    reply = plane.try_create(Pod(metadata=ObjectMeta(name="a"), spec=spec))
    message = 'pods "a" is forbidden: no PriorityClass with name nosuch was found'
    assert refusal(reply) == (403, "Forbidden", message)


def test_a_priority_cannot_be_set_directly(plane: Plane) -> None:
    spec = replace(pod("a").spec, priority=7)
    reply = plane.try_create(Pod(metadata=ObjectMeta(name="a"), spec=spec))
    message = (
        'pods "a" is forbidden: the integer value of priority (7) must not be provided in pod spec; '
        "priority admission controller computed 0 from the given PriorityClass name"
    )
    assert refusal(reply) == (403, "Forbidden", message)


def test_pods_of_one_template_share_their_spec(plane: Plane) -> None:
    owner = (OwnerReference(api_version="apps/v1", kind="ReplicaSet", name="web", uid="u", controller=True),)
    template = pod("").spec
    pods = [plane.create(Pod(metadata=ObjectMeta(name=name, owner_references=owner), spec=template)) for name in "abc"]
    assert pods[0].spec is pods[1].spec is pods[2].spec
    assert [one.status.qos_class for one in pods] == ["BestEffort"] * 3


def test_a_shared_spec_follows_its_account(plane: Plane) -> None:
    template = pod("").spec
    first = plane.create(Pod(metadata=ObjectMeta(name="a"), spec=template))
    plane.patch(ServiceAccount, "default", {"imagePullSecrets": [{"name": "registry"}]})
    second = plane.create(Pod(metadata=ObjectMeta(name="b"), spec=template))
    assert (first.spec.image_pull_secrets, second.spec.image_pull_secrets) == (
        (),
        (LocalObjectReference(name="registry"),),
    )


def test_an_invalid_template_is_rejected_every_time(plane: Plane) -> None:
    template = PodSpec(containers=(Container(name="A_B", image="nginx"),))
    replies = [plane.try_create(Pod(metadata=ObjectMeta(name=name), spec=template)) for name in "ab"]
    assert [refusal(one)[0] for one in replies] == [422, 422]


def test_a_gated_pod_has_a_condition(plane: Plane) -> None:
    spec = replace(pod("a").spec, scheduling_gates=(PodSchedulingGate(name="example.com/wait"),))
    (condition,) = plane.create(Pod(metadata=ObjectMeta(name="a"), spec=spec)).status.conditions
    assert (condition.type, condition.status, condition.reason) == ("PodScheduled", "False", "SchedulingGated")
    assert refusal(bind(plane, "a", "n1"))[2].endswith("pod a has non-empty .spec.schedulingGates")


def test_a_pod_is_bound_once(plane: Plane) -> None:
    plane.create(pod("a"))
    assert bind(plane, "a", "n1") == Status(status="Success", code=201)
    bound = plane.get(Pod, "a")
    (condition,) = bound.status.conditions
    assert (bound.spec.node_name, condition.type, condition.status) == ("n1", "PodScheduled", "True")
    assert bound.metadata.generation == 1
    message = 'Operation cannot be fulfilled on pods/binding "a": pod a is already assigned to node "n1"'
    assert refusal(bind(plane, "a", "n2")) == (409, "Conflict", message)
    assert refusal(bind(plane, "nosuch", "n1")) == (404, "NotFound", 'pods "nosuch" not found')


def test_a_binding_of_a_predecessor_is_a_conflict(plane: Plane) -> None:
    plane.create(pod("a"))
    assert refusal(bind(plane, "a", "n1", gone_uid="gone"))[:2] == (409, "Conflict")
    assert plane.get(Pod, "a").spec.node_name == ""


def test_a_bound_pod_gets_the_topology_labels_of_its_node(plane: Plane) -> None:
    labels = {"topology.kubernetes.io/zone": "z1", "other": "x"}
    plane.create(Node(metadata=ObjectMeta(name="n1", labels=labels)))
    plane.create(pod("a", labels={"app": "web"}))
    bind(plane, "a", "n1")
    assert plane.get(Pod, "a").metadata.labels == {"topology.kubernetes.io/zone": "z1", "app": "web"}


def test_an_unbound_pod_is_deleted_at_once(plane: Plane) -> None:
    plane.create(pod("a"))
    gone = plane.object(plane.delete(Pod, "a"), Pod)
    assert gone.metadata.deletion_grace_period_seconds == 0
    assert plane.names(Pod) == []


def test_a_bound_pod_is_deleted_gracefully(plane: Plane) -> None:
    plane.create(pod("a"))
    bind(plane, "a", "n1")
    ending = plane.object(plane.delete(Pod, "a"), Pod)
    assert (
        ending.metadata.deletion_timestamp,
        ending.metadata.deletion_grace_period_seconds,
        ending.metadata.generation,
    ) == ("2026-01-01T00:00:30Z", 30, 2)
    assert plane.object(plane.delete(Pod, "a"), Pod) == ending
    shorter = plane.object(plane.delete(Pod, "a", DeleteOptions(grace_period_seconds=10)), Pod)
    assert shorter.metadata.deletion_timestamp == "2026-01-01T00:00:10Z"
    longer = plane.object(plane.delete(Pod, "a", DeleteOptions(grace_period_seconds=20)), Pod)
    assert longer == shorter
    plane.delete(Pod, "a", DeleteOptions(grace_period_seconds=0))
    assert plane.names(Pod) == []


def test_a_finished_pod_is_deleted_at_once(plane: Plane) -> None:
    plane.create(pod("a"))
    bind(plane, "a", "n1")
    running = plane.get(Pod, "a")
    plane.update(replace(running, status=replace(running.status, phase="Succeeded")), "status")
    plane.delete(Pod, "a")
    assert plane.names(Pod) == []


def test_the_deletion_of_a_predecessor_deletes_nothing(plane: Plane) -> None:
    plane.create(pod("a"))
    reply = plane.delete(Pod, "a", DeleteOptions(grace_period_seconds=0, preconditions=Preconditions(uid="gone")))
    assert refusal(reply)[:2] == (409, "Conflict")
    assert plane.names(Pod) == ["a"]


def test_a_status_update_keeps_the_spec(plane: Plane) -> None:
    made = plane.create(pod("a"))
    report = replace(made, spec=PodSpec(), status=replace(made.status, phase="Running", qos_class=""))
    changed = plane.update(report, "status")
    assert changed.spec is made.spec
    assert (changed.status.phase, changed.status.qos_class) == ("Running", "BestEffort")


def test_most_of_a_spec_is_immutable(plane: Plane) -> None:
    plane.create(pod("a"))
    code, reason, message = refusal(plane.try_patch(Pod, "a", {"spec": {"restartPolicy": "Never"}}))
    assert (code, reason) == (422, "Invalid")
    assert "pod updates may not change fields other than" in message


def test_a_new_image_increments_the_generation(plane: Plane) -> None:
    plane.create(pod("a"))
    patch = [{"op": "replace", "path": "/spec/containers/0/image", "value": "other"}]
    assert plane.patch(Pod, "a", patch, "", "application/json-patch+json").metadata.generation == 2


def test_an_eviction_deletes(plane: Plane) -> None:
    plane.create(pod("a"))
    wrong = Eviction(metadata=ObjectMeta(name="other"))
    assert refusal(plane.act(Pod, "a", "eviction", wrong)) == (
        400,
        "BadRequest",
        "name in URL does not match name in Eviction object",
    )
    dry = Eviction(metadata=ObjectMeta(name="a"), delete_options=DeleteOptions(dry_run=("All",)))
    assert plane.act(Pod, "a", "eviction", dry) == Status(status="Success", code=201)
    assert plane.names(Pod) == ["a"]
    assert plane.act(Pod, "a", "eviction", Eviction(metadata=ObjectMeta(name="a"))) == Status(
        status="Success", code=201
    )
    assert plane.names(Pod) == []


def test_ephemeral_containers_can_be_added_but_not_removed(plane: Plane) -> None:
    made = plane.create(pod("a"))
    debugger = EphemeralContainer(
        name="debug", image="busybox", termination_message_policy="File", image_pull_policy="Always"
    )
    added = plane.update(
        replace(made, spec=replace(made.spec, ephemeral_containers=(debugger,))), "ephemeralcontainers"
    )
    assert [one.name for one in added.spec.ephemeral_containers] == ["debug"]
    assert added.metadata.generation == 2
    reply = plane.try_update(replace(added, spec=replace(added.spec, ephemeral_containers=())), "ephemeralcontainers")
    assert refusal(reply)[0] == 422


def test_a_resize_changes_resources_alone(plane: Plane) -> None:
    small = ResourceRequirements(requests={"cpu": "500m"})
    spec = PodSpec(containers=(Container(name="c", image="nginx", resources=small),))
    plane.create(Pod(metadata=ObjectMeta(name="a"), spec=spec))
    patch = {"spec": {"containers": [{"name": "c", "image": "other", "resources": {"requests": {"cpu": "1"}}}]}}
    (container,) = plane.patch(Pod, "a", patch, "resize").spec.containers
    assert (container.image, container.resources.requests) == ("nginx", {"cpu": "1"})
    assert plane.get(Pod, "a").metadata.generation == 2


def test_a_new_node_is_tainted(plane: Plane) -> None:
    made = plane.create(Node(metadata=ObjectMeta(name="n1")))
    assert made.spec.taints == (Taint(key="node.kubernetes.io/not-ready", effect="NoSchedule"),)


ARMOR = "container.apparmor.security.beta.kubernetes.io/"


def armored(**annotations: str) -> Pod:
    one = pod("a")
    annotations = {f"{ARMOR}{name}": value for name, value in annotations.items()}
    return replace(one, metadata=replace(one.metadata, annotations=annotations))


def profiles(value: Pod) -> list[AppArmorProfile | None]:
    containers = (*value.spec.init_containers, *value.spec.containers)
    return [one.security_context.app_armor_profile if one.security_context else None for one in containers]


@pytest.mark.parametrize(
    ("annotation", "profile"),
    [
        ("unconfined", AppArmorProfile(type="Unconfined")),
        ("runtime/default", AppArmorProfile(type="RuntimeDefault")),
        ("localhost/audit", AppArmorProfile(type="Localhost", localhost_profile="audit")),
    ],
)
def test_the_profile_in_an_annotation_becomes_a_field(plane: Plane, annotation: str, profile: AppArmorProfile) -> None:
    reply = plane.try_create(armored(c=annotation))
    assert profiles(plane.object(reply, Pod)) == [profile]
    assert isinstance(reply, Result)
    assert reply.warnings == (
        f'metadata.annotations[{ARMOR}c]: deprecated since v1.30; use the "appArmorProfile" field instead',
    )


def test_an_annotation_adds_no_field_to_a_container_that_has_one_or_inherits_it(plane: Plane) -> None:
    audit = AppArmorProfile(type="Localhost", localhost_profile="audit")
    one = armored(c="localhost/audit", i="localhost/audit")
    inherited = PodSecurityContext(app_armor_profile=audit)
    own = Container(name="i", image="x", security_context=SecurityContext(app_armor_profile=audit))
    reply = plane.try_create(replace(one, spec=replace(one.spec, security_context=inherited, init_containers=(own,))))
    assert profiles(plane.object(reply, Pod)) == [audit, None]
    assert isinstance(reply, Result)
    assert reply.warnings == ()


def test_warnings_about_a_generated_name_use_that_name(plane: Plane) -> None:
    def warnings(prefix: str) -> tuple[str, ...]:
        given = pod("")
        reply = plane.try_create(replace(given, metadata=replace(given.metadata, generate_name=prefix)))
        assert isinstance(reply, Result)
        return reply.warnings

    assert warnings("web-") == ()
    assert [one.rpartition(": ")[2] for one in warnings("web.a")] == ["[must not contain dots]"]


def test_equal_specs_from_bytes_share_the_results_of_the_first(plane: Plane) -> None:
    def sent(name: str) -> Pod:
        given = pod(name)
        port = ContainerPort(container_port=80, host_port=0)
        containers = tuple(replace(one, ports=(port, port)) for one in given.spec.containers)
        return replace(given, spec=replace(given.spec, containers=containers))

    replies = [plane.try_create(sent(name)) for name in ("a", "b", "c")]
    results = [one for one in replies if isinstance(one, Result)]
    assert len(results) == 3
    assert [one.warnings for one in results] == [results[0].warnings] * 3
    assert "duplicate port" in str(results[0].warnings)
    specs = [one.object.spec for one in results if isinstance(one.object, Pod)]
    assert specs[0] == specs[1] == specs[2]
    assert specs[1] is specs[2]
