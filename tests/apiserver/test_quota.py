"""ResourceQuota and LimitRanger."""

import random
from collections.abc import Iterator
from functools import partial

import pytest
from msgspec.structs import replace

from kubeactors.actor import Actor, AskTimedOut, Ref, handle
from kubeactors.actor.supervision import SECOND
from kubeactors.api.apiextensions.v1.customresourcedefinition import CustomResourceDefinition
from kubeactors.api.apps.v1 import Deployment, DeploymentSpec
from kubeactors.api.core.v1 import (
    Container,
    LimitRange,
    LimitRangeItem,
    LimitRangeSpec,
    PersistentVolumeClaim,
    PersistentVolumeClaimSpec,
    Pod,
    PodSpec,
    PodStatus,
    PodTemplateSpec,
    ResourceQuota,
    ResourceQuotaSpec,
    ResourceRequirements,
    ScopedResourceSelectorRequirement,
    ScopeSelector,
    Service,
    ServicePort,
    ServiceSpec,
    VolumeResourceRequirements,
)
from kubeactors.apimachinery.meta import DeleteOptions, LabelSelector, ObjectMeta, TypedObject
from kubeactors.apimachinery.requests import ADMIN, Create, GroupVersionResource, Result
from kubeactors.apimachinery.status import Status
from kubeactors.apiserver import ApiMessage
from kubeactors.apiserver.admission.resource_quota.ledger import DOUBT_SECONDS, Ledger
from kubeactors.message import Message
from tests.apiserver.plane import DRY_RUN, Plane, config_map, gvr_of, refusal
from tests.apiserver.test_custom_resources import Things, definition, thing

NOW = DeleteOptions(grace_period_seconds=0)


@pytest.fixture
def plane() -> Plane:
    return Plane().with_account()


def quota(name: str = "q", scopes: tuple[str, ...] = (), **hard: str) -> ResourceQuota:
    named = {key.replace("__", "/").replace("_", "."): amount for key, amount in hard.items()}
    return ResourceQuota(metadata=ObjectMeta(name=name), spec=ResourceQuotaSpec(hard=named, scopes=scopes))


def pod(name: str, limits: dict[str, str] | None = None, **requests: str) -> Pod:
    resources = ResourceRequirements(requests=requests, limits=limits or {})
    return Pod(
        metadata=ObjectMeta(name=name), spec=PodSpec(containers=(Container(name="c", image="x", resources=resources),))
    )


def limits(*items: LimitRangeItem) -> LimitRange:
    return LimitRange(metadata=ObjectMeta(name="l"), spec=LimitRangeSpec(limits=items))


def why(reply: Result | Status) -> str:
    code, reason, message = refusal(reply)
    assert (code, reason) == (403, "Forbidden")
    return message


def test_a_pod_beyond_the_quota_is_rejected(plane: Plane) -> None:
    plane.create(quota(pods="2", requests_cpu="500m"))
    plane.create(pod("a", cpu="300m"))
    assert why(plane.try_create(pod("b", cpu="0.3"))) == (
        'pods "b" is forbidden: exceeded quota: q, requested: requests.cpu=300m, used: requests.cpu=300m, '
        "limited: requests.cpu=500m"
    )
    plane.create(pod("c", cpu="200m"))
    assert why(plane.try_create(pod("d", cpu="1"))) == (
        'pods "d" is forbidden: exceeded quota: q, requested: pods=1,requests.cpu=1, used: pods=2,requests.cpu=500m, '
        "limited: pods=2,requests.cpu=500m"
    )


def test_finished_and_deleted_pods_free_the_quota(plane: Plane) -> None:
    plane.create(quota(pods="1", count__pods="2"))
    first = plane.create(pod("a"))
    why(plane.try_create(pod("b")))
    plane.update(replace(first, status=PodStatus(phase="Succeeded")), "status")
    plane.create(pod("b"))
    message = why(plane.try_create(pod("c")))
    assert "requested: count/pods=1,pods=1, used: count/pods=2,pods=1" in message
    plane.delete(Pod, "a", NOW)
    plane.delete(Pod, "b", NOW)
    plane.create(pod("c"))


def test_a_terminating_pod_is_not_charged_after_its_grace_period(plane: Plane) -> None:
    plane.create(quota(pods="1"))
    plane.create(replace(pod("a"), spec=replace(pod("a").spec, node_name="n")))
    plane.delete(Pod, "a", DeleteOptions(grace_period_seconds=30))
    why(plane.try_create(pod("b")))
    plane.sim.run(61)
    plane.create(pod("b"))
    plane.delete(Pod, "a", NOW)
    why(plane.try_create(pod("c")))


def test_containers_must_specify_the_resources_of_a_quota(plane: Plane) -> None:
    plane.create(quota(limits_memory="1Gi", cpu="1"))
    assert why(plane.try_create(pod("a"))) == (
        'pods "a" is forbidden: failed quota: q: must specify cpu for: c; limits.memory for: c'
    )


def test_scopes_choose_pods(plane: Plane) -> None:
    plane.create(quota("best", ("BestEffort",), pods="0"))
    plane.create(quota("ending", ("Terminating", "NotBestEffort"), pods="0"))
    plane.create(pod("a", cpu="1"))
    assert "exceeded quota: best," in why(plane.try_create(pod("b")))
    ending = pod("c", cpu="1")
    assert "exceeded quota: ending," in why(
        plane.try_create(replace(ending, spec=replace(ending.spec, active_deadline_seconds=9)))
    )
    classes = ScopedResourceSelectorRequirement(
        scope_name="PriorityClass", operator="In", values=("system-node-critical",)
    )
    critical = quota("critical", pods="0")
    plane.create(
        replace(critical, spec=replace(critical.spec, scope_selector=ScopeSelector(match_expressions=(classes,))))
    )
    plane.create(pod("d", cpu="1"))


def test_objects_of_any_kind_are_counted(plane: Plane) -> None:
    plane.create(quota(configmaps="1", count__deployments_apps="0", services_nodeports="1"))
    plane.create(config_map("a"))
    assert "requested: configmaps=1, used: configmaps=1, limited: configmaps=1" in why(
        plane.try_create(config_map("b"))
    )
    template = PodTemplateSpec(metadata=ObjectMeta(labels={"a": "b"}), spec=pod("x").spec)
    selector = LabelSelector(match_labels={"a": "b"})
    deployment = Deployment(metadata=ObjectMeta(name="d"), spec=DeploymentSpec(selector=selector, template=template))
    assert why(plane.try_create(deployment)) == (
        'deployments.apps "d" is forbidden: exceeded quota: q, requested: count/deployments.apps=1, '
        "used: count/deployments.apps=0, limited: count/deployments.apps=0"
    )


def test_an_update_beyond_the_quota_is_rejected(plane: Plane) -> None:
    plane.create(quota(services_nodeports="1"))
    ports = (ServicePort(name="a", port=1), ServicePort(name="b", port=2))
    made = plane.create(Service(metadata=ObjectMeta(name="s"), spec=ServiceSpec(ports=ports)))
    exposed = replace(made, spec=replace(made.spec, type="NodePort"))
    assert "requested: services.nodeports=2, used: services.nodeports=0" in why(plane.try_update(exposed))
    plane.update(replace(exposed, spec=replace(exposed.spec, ports=made.spec.ports[:1])))


def test_claims_are_charged_by_class(plane: Plane) -> None:
    hard = {"gold.storageclass.storage.k8s.io/requests.storage": "1Gi"}
    plane.create(ResourceQuota(metadata=ObjectMeta(name="q"), spec=ResourceQuotaSpec(hard=hard)))

    def claim(name: str, storage_class: str) -> PersistentVolumeClaim:
        resources = VolumeResourceRequirements(requests={"storage": "2Gi"})
        spec = PersistentVolumeClaimSpec(
            access_modes=("ReadWriteOnce",), storage_class_name=storage_class, resources=resources
        )
        return PersistentVolumeClaim(metadata=ObjectMeta(name=name), spec=spec)

    plane.create(claim("a", "silver"))
    assert "used: gold.storageclass.storage.k8s.io/requests.storage=0" in why(plane.try_create(claim("b", "gold")))


def test_a_dry_run_is_not_charged(plane: Plane) -> None:
    plane.create(quota(pods="1"))
    plane.create(pod("a"), DRY_RUN)
    plane.create(pod("a"), DRY_RUN)
    plane.create(pod("a"))
    assert "exceeded quota" in why(plane.try_create(pod("b"), DRY_RUN))


@pytest.mark.parametrize("seed", range(5))
def test_a_quota_is_exact_under_concurrency(seed: int) -> None:
    """Many concurrent clients, some with the same names: the quota is filled exactly, and never exceeded."""
    plane = Plane().with_account()
    plane.create(quota(pods="7", requests_cpu="2"))
    rng = random.Random(seed)
    crowd = plane.sim.spawn(partial(Crowd, plane.server), name="crowd")
    for _ in range(40):
        crowd.tell(Try(pod(f"p{rng.randrange(12)}", cpu="250m")))
    plane.sim.settle()
    assert len(plane.names(Pod)) == 7
    for name in plane.names(Pod)[:3]:
        plane.delete(Pod, name, NOW)
    for number in range(9):
        crowd.tell(Try(pod(f"again-{number}", cpu="250m")))
    plane.sim.settle()
    assert len(plane.names(Pod)) == 7


class Try(Message, frozen=True):
    value: Pod


class Crowd(Actor[Try], reentrant=True):
    """Creates what it is told, concurrently, and ignores rejections."""

    def __init__(self, server: Ref[ApiMessage]) -> None:
        self._server = server

    @handle
    async def try_(self, message: Try) -> None:
        await self._server.ask(Create(resource=gvr_of(Pod), namespace="default", object=message.value, user=ADMIN))


HERE = ObjectMeta(name="q", namespace="default")


class Shelf:
    """A lookup with one quota."""

    def get(self, resource: GroupVersionResource, namespace: str, name: str) -> TypedObject | None:
        return next((one for one in self.select(resource, namespace) if one.metadata.name == name), None)

    def select(self, resource: GroupVersionResource, namespace: str = "") -> Iterator[TypedObject]:
        yield from (replace(quota(pods="1"), metadata=HERE),) if resource == gvr_of(ResourceQuota) and namespace else ()


@pytest.mark.parametrize("wait_seconds", [0, DOUBT_SECONDS, DOUBT_SECONDS + 1])
def test_a_write_in_doubt_is_charged_until_the_cache_is_primed_or_some_minutes_have_passed(
    wait_seconds: int,
) -> None:
    now = 0
    ledger = Ledger(Shelf(), lambda: (gvr_of(Pod),), wall=lambda: now, revision=lambda: 7)
    ((found, tally),) = ledger.quotas_in("default")
    ledger.charge(replace(pod("q"), metadata=HERE), {"q": {"pods": "1"}}, is_update=False)(
        AskTimedOut("the store is slow")
    )
    now = wait_seconds * SECOND
    assert ledger.used(found, tally)["pods"] == ("1" if wait_seconds <= DOUBT_SECONDS else "0")
    ledger.reset()
    assert ledger.used(found, tally)["pods"] == "0"


CONTAINER_LIMITS = LimitRangeItem(
    type="Container",
    min={"cpu": "50m"},
    max={"cpu": "1", "memory": "1Gi"},
    default={"cpu": "300m", "memory": "256Mi"},
    default_request={"cpu": "100m"},
    max_limit_request_ratio={"cpu": "4"},
)


def test_a_limit_range_completes_containers(plane: Plane) -> None:
    plane.create(limits(CONTAINER_LIMITS))
    made = plane.create(pod("a"))
    assert made.spec.containers[0].resources == ResourceRequirements(
        limits={"cpu": "300m", "memory": "256Mi"}, requests={"cpu": "100m", "memory": "256Mi"}
    )
    assert made.metadata.annotations["kubernetes.io/limit-ranger"] == (
        "LimitRanger plugin set: cpu, memory request for container c; cpu, memory limit for container c"
    )
    assert made.status.qos_class == "Burstable"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (pod("a", {"cpu": "20m"}, cpu="10m"), "minimum cpu usage per Container is 50m, but request is 10m"),
        (pod("a", {"memory": "2Gi"}), "maximum memory usage per Container is 1Gi, but limit is 2Gi"),
        (
            pod("a", {"cpu": "900m"}, cpu="100m"),
            "cpu max limit to request ratio per Container is 4, but provided ratio is 9.000000",
        ),
        (
            pod("a", {"cpu": "2", "memory": "2Gi"}),
            (
                "[maximum cpu usage per Container is 1, but limit is 2, maximum memory usage per Container is 1Gi, "
                "but limit is 2Gi]"
            ),
        ),
    ],
)
def test_a_container_keeps_the_bounds(plane: Plane, given: Pod, said: str) -> None:
    plane.create(limits(CONTAINER_LIMITS))
    assert why(plane.try_create(given)) == f'pods "a" is forbidden: {said}'


@pytest.mark.parametrize(
    ("value", "causes"),
    [
        (
            limits(LimitRangeItem(type="Pod", default={"cpu": "3"}), LimitRangeItem(type="Pod")),
            (
                "[spec.limits[0].default: Forbidden: may not be specified when `type` is 'Pod', "
                'spec.limits[1].type: Duplicate value: "Pod"]'
            ),
        ),
        (
            limits(LimitRangeItem(type="Container", min={"cpu": "2"}, max={"cpu": "1"})),
            (
                '[spec.limits[0].min[cpu]: Invalid value: "2": min value 2 is greater than max value 1, '
                'spec.limits[0].defaultRequest[cpu]: Invalid value: "1": min value 2 is greater than default request '
                'value 1, spec.limits[0].default[cpu]: Invalid value: "2": min value 2 is greater than default value 1]'
            ),
        ),
        (quota(pods="500m"), 'spec.hard[pods]: Invalid value: "500m": must be an integer'),
        (
            quota("q", ("BestEffort", "NotBestEffort"), pods="1"),
            'spec.scopes: Invalid value: ["BestEffort","NotBestEffort"]: conflicting scopes',
        ),
        (
            quota("q", ("BestEffort",), requests_cpu="1"),
            'spec.scopes: Invalid value: ["BestEffort"]: unsupported scope applied to resource',
        ),
    ],
)
def test_quotas_and_limit_ranges_are_validated(plane: Plane, value: TypedObject, causes: str) -> None:
    code, _, message = refusal(plane.try_create(value))
    assert (code, message) == (422, f'{value.kind} "{value.metadata.name}" is invalid: {causes}')


def test_custom_objects_are_counted_as_their_kind_is_added_and_removed(plane: Plane) -> None:
    things = Things(plane)
    plane.create(quota(count__things_example_com="1"))
    for _ in range(2):
        things.define(definition())
        things.made(thing("a"))
        assert why(things.create(thing("b"))) == (
            'things.example.com "b" is forbidden: exceeded quota: q, requested: count/things.example.com=1, '
            "used: count/things.example.com=1, limited: count/things.example.com=1"
        )
        plane.delete(CustomResourceDefinition, "things.example.com")
        plane.sim.run(1.0)


def test_custom_objects_older_than_the_server_are_counted(plane: Plane) -> None:
    things = Things(plane)
    things.define(definition())
    things.made(thing("a"))
    plane.create(quota(count__things_example_com="1"))
    again = Plane(backend=plane.backend)
    assert "used: count/things.example.com=1" in why(Things(again).create(thing("b")))
