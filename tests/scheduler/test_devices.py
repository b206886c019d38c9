"""Pods are scheduled to nodes where their claims can be allocated, and release their devices."""

from functools import partial
from itertools import combinations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from kubeactors.api.core.v1 import Pod, PodSpec
from kubeactors.api.core.v1.podspec import PodResourceClaim
from kubeactors.api.resource.v1 import DeviceClass, ResourceClaim, ResourceClaimTemplate, ResourceSlice
from kubeactors.api.resource.v1.deviceclass import DeviceClassSpec
from kubeactors.api.resource.v1.devices import CELDeviceSelector, DeviceSelector, DeviceToleration
from kubeactors.api.resource.v1.request import (
    DeviceClaim,
    DeviceConstraint,
    DeviceRequest,
    DeviceSubRequest,
    ExactDeviceRequest,
    ResourceClaimSpec,
)
from kubeactors.api.resource.v1.resourceclaim import ResourceClaimTemplateSpec
from kubeactors.api.resource.v1.resourceslice import (
    Device,
    DeviceAttribute,
    DeviceCapacity,
    DeviceTaint,
    ResourcePool,
    ResourceSliceSpec,
)
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.controllers.manager import ControllerManager, ControllerManagerConfig
from kubeactors.scheduler.device_allocation import allocate
from kubeactors.scheduler.devices import DeviceId, Offer
from tests.kubelet.plane import Plane, a_pod, condition
from tests.scheduler.test_scheduler import is_placed, is_refused
from tests.scheduler.test_volumes import HOST

DRIVER = "gpu.example.com"


def cel(expression: str) -> tuple[DeviceSelector, ...]:
    return (DeviceSelector(cel=CELDeviceSelector(expression=expression)),)


def gpu(name: str, model: str = "a", memory: str = "8Gi", version: str = "1.0.0", **more: object) -> Device:
    attributes = {"model": DeviceAttribute(string=model), "version": DeviceAttribute(version=version)}
    return replace(Device(name=name, attributes=attributes, capacity={"memory": DeviceCapacity(value=memory)}), **more)


def slice_of(node_name: str, *devices: Device) -> ResourceSlice:
    pool = ResourcePool(name=node_name, generation=1, resource_slice_count=1)
    spec = ResourceSliceSpec(driver=DRIVER, pool=pool, node_name=node_name, devices=devices)
    return ResourceSlice(metadata=ObjectMeta(name=f"{node_name}-gpus"), spec=spec)


def asking(name: str = "gpu", **more: object) -> DeviceRequest:
    return DeviceRequest(name=name, exactly=replace(ExactDeviceRequest(device_class_name="gpu"), **more))


def claim(name: str, *requests: DeviceRequest, constraints: tuple[DeviceConstraint, ...] = ()) -> ResourceClaim:
    devices = DeviceClaim(requests=requests or (asking(),), constraints=constraints)
    return ResourceClaim(metadata=ObjectMeta(name=name, namespace="default"), spec=ResourceClaimSpec(devices=devices))


def using(name: str, *claims: str, template: str = "") -> Pod:
    named = tuple(PodResourceClaim(name=one, resource_claim_name=one) for one in claims)
    made = (PodResourceClaim(name="gpu", resource_claim_template_name=template),) if template else ()
    return a_pod(name, spec=PodSpec(resource_claims=(*named, *made)))


@pytest.fixture
def plane() -> Plane:
    """Two nodes with two devices each; any device of the driver is of the class."""
    found = Plane(nodes=2)
    found.sim.spawn(partial(ControllerManager, found.client, ControllerManagerConfig()), name="controllers")
    found.start_scheduler()
    spec = DeviceClassSpec(selectors=cel(f'device.driver == "{DRIVER}"'))
    found.create(DeviceClass(metadata=ObjectMeta(name="gpu"), spec=spec))
    for number, model in enumerate("ab"):
        memory = f"{8 * (number + 1)}Gi"
        devices = [gpu(f"gpu-{each}", model, memory, f"{number + 1}.0.0") for each in range(2)]
        found.create(slice_of(f"node-{number}", *devices))
    template = ResourceClaimTemplateSpec(spec=ResourceClaimSpec(devices=DeviceClaim(requests=(asking(),))))
    found.create(ResourceClaimTemplate(metadata=ObjectMeta(name="one", namespace="default"), spec=template))
    return found


def claims(plane: Plane) -> list[ResourceClaim]:
    return list(plane.do(lambda: plane.client.list(ResourceClaim, "default")).items)


def claimed(plane: Plane, name: str) -> ResourceClaim:
    return plane.do(lambda: plane.client.get(ResourceClaim, name, "default"))


def given_to(plane: Plane, name: str) -> list[tuple[str, str]]:
    allocation = claimed(plane, name).status.allocation
    assert allocation is not None
    return [(one.pool, one.device) for one in allocation.devices.results]


def message(plane: Plane, name: str) -> str:
    found = condition(plane.run_until_pod(name, is_refused), "PodScheduled")
    assert found is not None
    return found[2]


def test_a_pod_gets_its_own_claim_from_a_template_and_the_claim_a_device(plane: Plane) -> None:
    plane.create(using("p", template="one"))
    pod = plane.run_until_pod("p", is_placed)
    (found,) = claims(plane)
    assert found.metadata.name.startswith("p-gpu-")
    assert pod.status.resource_claim_statuses[0].resource_claim_name == found.metadata.name
    assert [(one.resource, one.name, one.uid) for one in found.status.reserved_for] == [("pods", "p", pod.metadata.uid)]
    allocation = found.status.allocation
    assert allocation is not None
    (result,) = allocation.devices.results
    assert (result.request, result.driver, result.pool) == ("gpu", DRIVER, pod.spec.node_name)
    assert allocation.node_selector is not None
    (term,) = allocation.node_selector.node_selector_terms
    assert [(one.key, one.values) for one in term.match_fields] == [("metadata.name", (pod.spec.node_name,))]
    assert found.metadata.finalizers == ("resource.kubernetes.io/delete-protection",)


def test_no_device_is_allocated_twice_and_a_deleted_pod_releases_its_own(plane: Plane) -> None:
    for number in range(4):
        plane.create(using(f"p{number}", template="one"))
    for number in range(4):
        plane.run_until_pod(f"p{number}", is_placed)
    given = [
        (r.pool, r.device)
        for one in claims(plane)
        if one.status.allocation
        for r in one.status.allocation.devices.results
    ]
    assert sorted(given) == [("node-0", "gpu-0"), ("node-0", "gpu-1"), ("node-1", "gpu-0"), ("node-1", "gpu-1")]
    plane.create(using("late", template="one"))
    assert message(plane, "late") == (
        "0/2 nodes are available: 2 cannot allocate all claims. still not schedulable, preemption: 0/2 nodes are"
        " available: 2 Preemption is not helpful for scheduling."
    )
    plane.delete_pod("p2", grace_seconds=0)
    plane.run_until_pod("late", is_placed, seconds=15)


@pytest.mark.parametrize(
    ("expression", "place"),
    [
        (f'device.attributes["{DRIVER}"].model == "b"', "node-1"),
        (f'device.capacity["{DRIVER}"].memory.compareTo(quantity("10Gi")) > 0', "node-1"),
        (f'device.attributes["{DRIVER}"].version.isLessThan(semver("1.5.0"))', "node-0"),
        ('!("model" in device.attributes["other.example.com"]) && device.driver.startsWith("gpu")', "node-"),
    ],
)
def test_expressions_select_devices(plane: Plane, expression: str, place: str) -> None:
    plane.create(claim("c", asking(selectors=cel(expression))))
    plane.create(using("p", "c"))
    assert plane.run_until_pod("p", is_placed).spec.node_name.startswith(place)


def test_an_invalid_expression_is_reported(plane: Plane) -> None:
    plane.create(claim("c", asking(selectors=cel(f'device.attributes["{DRIVER}"].nothing == "b"'))))
    plane.create(using("p", "c"))
    assert "no such key: nothing" in message(plane, "p")


def test_a_claim_may_request_several_devices_or_all_of_a_node(plane: Plane) -> None:
    plane.create(claim("two", asking(count=2)))
    plane.create(using("p", "two"))
    first = plane.run_until_pod("p", is_placed).spec.node_name
    assert given_to(plane, "two") == [(first, "gpu-0"), (first, "gpu-1")]
    plane.create(claim("one"))
    plane.create(using("q", "one"))
    plane.run_until_pod("q", is_placed)
    plane.create(claim("all", asking(allocation_mode="All")))
    plane.create(using("r", "all"))
    assert "2 cannot allocate all claims" in message(plane, "r")
    plane.delete_pod("p", grace_seconds=0)
    plane.run_until_pod("r", is_placed, seconds=15)
    assert given_to(plane, "all") == [(first, "gpu-0"), (first, "gpu-1")]


def test_the_first_available_alternative_is_allocated(plane: Plane) -> None:
    many = DeviceSubRequest(name="many", device_class_name="gpu", count=3)
    few = DeviceSubRequest(name="few", device_class_name="gpu", count=2)
    plane.create(claim("c", DeviceRequest(name="gpu", first_available=(many, few))))
    plane.create(using("p", "c"))
    plane.run_until_pod("p", is_placed)
    allocation = claimed(plane, "c").status.allocation
    assert allocation is not None
    assert [one.request for one in allocation.devices.results] == ["gpu/few", "gpu/few"]


def test_pods_that_share_a_claim_run_where_its_devices_are(plane: Plane) -> None:
    plane.create(claim("shared"))
    for name in ("p", "q"):
        plane.create(using(name, "shared"))
    places = [plane.run_until_pod(name, is_placed, seconds=15).spec.node_name for name in ("p", "q")]
    assert places[0] == places[1]
    assert sorted(one.name for one in claimed(plane, "shared").status.reserved_for) == ["p", "q"]


def test_a_tainted_device_is_allocated_only_to_requests_that_tolerate_it(plane: Plane) -> None:
    broken = DeviceTaint(key="broken", effect="NoSchedule")
    for number in range(2):
        plane.do(lambda number=number: plane.client.delete(ResourceSlice, f"node-{number}-gpus"))  # type: ignore[misc]
    plane.create(slice_of("node-0", gpu("gpu-0", taints=(broken,))))
    plane.create(claim("c"))
    plane.create(using("p", "c"))
    assert "2 cannot allocate all claims" in message(plane, "p")
    plane.create(claim("d", asking(tolerations=(DeviceToleration(key="broken", operator="Exists"),))))
    plane.create(using("q", "d"))
    plane.run_until_pod("q", is_placed)


def test_missing_objects_are_reported_and_waited_for(plane: Plane) -> None:
    plane.create(claim("c", DeviceRequest(name="x", exactly=ExactDeviceRequest(device_class_name="tpu"))))
    plane.create(using("p", "c"))
    assert message(plane, "p").startswith("0/2 nodes are available: request x: device class tpu does not exist.")
    plane.create(DeviceClass(metadata=ObjectMeta(name="tpu"), spec=DeviceClassSpec()))
    plane.run_until_pod("p", is_placed, seconds=15)

    plane.create(using("q", "later"))
    plane.create(using("r", template="none"))
    plane.sim.run(2.0)
    assert not plane.pod("q").spec.node_name
    assert "FailedResourceClaimCreation" in [one.reason for one in plane.events("r")]
    plane.create(claim("later"))
    plane.run_until_pod("q", is_placed, seconds=15)


def test_an_unused_claim_is_reallocated_where_its_pod_fits(plane: Plane) -> None:
    plane.create(claim("c"))
    plane.create(using("p", "c"))
    first = plane.run_until_pod("p", is_placed).spec.node_name
    known = claimed(plane, "c")
    plane.delete_pod("p", grace_seconds=0)
    plane.sim.run(1.0)
    assert claimed(plane, "c").status.allocation is None
    # as if the scheduler had stopped between writing the claim and binding the pod
    free = claimed(plane, "c")
    status = replace(free.status, allocation=known.status.allocation)
    plane.do(lambda: plane.client.update_status(replace(free, status=status)))
    other = next(one for one in ("node-0", "node-1") if one != first)
    pod = using("q", "c")
    plane.create(replace(pod, spec=replace(pod.spec, node_selector={HOST: other})))
    assert plane.run_until_pod("q", is_placed, seconds=20).spec.node_name == other
    assert [pool for pool, _ in given_to(plane, "c")] == [other]


def test_a_claim_from_a_template_is_deleted_with_its_pod(plane: Plane) -> None:
    plane.create(using("p", template="one"))
    plane.run_until_pod("p", is_placed)
    plane.delete_pod("p", grace_seconds=0)
    plane.sim.run(5.0)
    assert claims(plane) == []


# The search.

models = st.sampled_from("ab")


@st.composite
def wishes(draw: st.DrawFn) -> tuple[list[str], list[tuple[str, int]], bool]:
    """Models of devices; of each request a model or any, and how many; whether all must be of one model."""
    return (
        draw(st.lists(models, max_size=5)),
        draw(st.lists(st.tuples(st.sampled_from(["a", "b", ""]), st.integers(1, 2)), min_size=1, max_size=3)),
        draw(st.booleans()),
    )


def can_be_had(devices: list[str], requests: list[tuple[str, int]], *, alike: bool) -> bool:
    """The plain rule: every combination is tried."""
    numbers = range(len(devices))
    for choice in product(*(combinations(numbers, count) for _, count in requests)):
        used = [one for each in choice for one in each]
        if len(used) != len({*used}):
            continue
        fits = all(
            not model or devices[one] == model
            for (model, _), each in zip(requests, choice, strict=True)
            for one in each
        )
        if fits and (not alike or len({devices[one] for one in used}) == 1):
            return True
    return False


@given(wishes())
@settings(max_examples=200, deadline=None)
def test_an_allocation_is_found_whenever_there_is_one(wish: tuple[list[str], list[tuple[str, int]], bool]) -> None:
    devices, requests, alike = wish
    there = [Offer(DeviceId(DRIVER, "n", f"d{i}"), gpu(f"d{i}", model), "n") for i, model in enumerate(devices)]
    asked = tuple(
        asking(
            f"r{number}",
            count=count,
            selectors=cel(f'device.attributes["{DRIVER}"].model == "{model}"') if model else (),
        )
        for number, (model, count) in enumerate(requests)
    )
    constraints = (DeviceConstraint(match_attribute=f"{DRIVER}/model"),) if alike else ()
    class_ = DeviceClass(metadata=ObjectMeta(name="gpu"))
    found = allocate([DeviceClaim(requests=asked, constraints=constraints)], there, lambda _: class_, lambda _: False)
    assert (found is not None) == can_be_had(devices, requests, alike=alike)
    if found is not None:
        given = [one.offer.id.device for one in found[0]]
        assert len(given) == len({*given}) == sum(count for _, count in requests)
