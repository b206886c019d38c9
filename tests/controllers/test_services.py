"""Endpoints and EndpointSlices follow services and their pods."""

import pytest
from msgspec.structs import replace

from kubeactors.api.core.v1 import (
    EndpointAddress,
    EndpointPort,
    Endpoints,
    EndpointSubset,
    Node,
    ObjectReference,
    Pod,
    Service,
    ServicePort,
    ServiceSpec,
)
from kubeactors.api.discovery.v1 import Endpoint, EndpointConditions, EndpointSlice
from kubeactors.api.discovery.v1 import EndpointPort as SlicePort
from kubeactors.apimachinery.meta import OwnerReference
from tests.controllers.plane import Plane, meta, replica_set, running, template, unready

PORTS = (ServicePort(name="http", port=80, target_port="web"), ServicePort(name="dns", port=53, protocol="UDP"))


def service(**fields: object) -> Service:
    spec = ServiceSpec(selector={"app": "web"}, ports=PORTS)
    return Service(metadata=meta("web", l="m"), spec=replace(spec, **fields))


def pod(name: str = "p", app: str = "web") -> Pod:
    return Pod(metadata=meta(name, app=app), spec=template().spec)


def endpoints(plane: Plane) -> tuple[EndpointSubset, ...]:
    return plane.get(Endpoints, "web").subsets


def slices(plane: Plane) -> list[EndpointSlice]:
    return list(plane.list(EndpointSlice, "default"))[1:]  # the first is the API server's own


def addresses(plane: Plane) -> list[str]:
    return sorted(one.addresses[0] for found in slices(plane) for one in found.endpoints or () if one.addresses)


@pytest.fixture
def serving(control_plane: Plane) -> Plane:
    """A service with one pod that is ready."""
    control_plane.create(service())
    control_plane.create(pod())
    control_plane.tick()
    return control_plane


def test_a_ready_pod_is_behind_its_service(serving: Plane) -> None:
    made, its_service = serving.get(Pod, "p"), serving.get(Service, "web")
    reference = ObjectReference(kind="Pod", namespace="default", name="p", uid=made.metadata.uid)
    assert endpoints(serving) == (
        EndpointSubset(
            addresses=(EndpointAddress(ip="10.0.0.1", node_name="node-1", target_ref=reference),),
            ports=(
                EndpointPort(name="http", port=8080, protocol="TCP"),
                EndpointPort(name="dns", port=53, protocol="UDP"),
            ),
        ),
    )
    assert serving.get(Endpoints, "web").metadata.labels == {
        "endpoints.kubernetes.io/managed-by": "endpoint-controller",
        "l": "m",
    }
    (found,) = slices(serving)
    assert found.endpoints == (
        Endpoint(
            addresses=("10.0.0.1",),
            conditions=EndpointConditions(ready=True, serving=True, terminating=False),
            node_name="node-1",
            target_ref=reference,
        ),
    )
    assert found.ports == (
        SlicePort(name="http", port=8080, protocol="TCP"),
        SlicePort(name="dns", port=53, protocol="UDP"),
    )
    assert (found.address_type, found.metadata.generate_name) == ("IPv4", "web-")
    assert found.metadata.labels == {
        "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
        "kubernetes.io/service-name": "web",
        "l": "m",
    }
    assert found.metadata.owner_references == (
        OwnerReference(
            api_version="v1", kind="Service", name="web", uid=its_service.metadata.uid, controller=True,
            block_owner_deletion=True,
        ),
    )  # fmt: skip


def test_a_deleted_pod_leaves_an_empty_slice(serving: Plane) -> None:
    (before,) = slices(serving)
    serving.end(serving.get(Pod, "p"))
    serving.sim.run(1.0)
    assert endpoints(serving) == ()
    (found,) = slices(serving)
    assert (found.metadata.uid, found.endpoints, found.ports) == (before.metadata.uid, None, None)


def test_a_service_without_pods_has_an_empty_slice(control_plane: Plane) -> None:
    control_plane.create(service())
    control_plane.sim.run(1.0)
    assert endpoints(control_plane) == ()
    (found,) = slices(control_plane)
    assert (found.endpoints, found.ports) == (None, None)


def one_endpoint(plane: Plane) -> Endpoint:
    (found,) = [one for found in slices(plane) for one in found.endpoints or ()]
    return found


def conditions(plane: Plane) -> EndpointConditions:
    return one_endpoint(plane).conditions


def test_an_unready_pod_is_listed_as_such(serving: Plane) -> None:
    serving.change(serving.get(Pod, "p"), unready, "status")
    serving.sim.run(1.0)
    assert conditions(serving) == EndpointConditions(ready=False, serving=False, terminating=False)
    (subset,) = endpoints(serving)
    assert (subset.addresses, len(subset.not_ready_addresses)) == ((), 1)


def test_unready_addresses_are_published_if_the_service_asks_for_it(serving: Plane) -> None:
    serving.change(serving.get(Pod, "p"), unready, "status")
    wanted = replace(service().spec, publish_not_ready_addresses=True)
    serving.change(service(), lambda one: replace(one, spec=replace(one.spec, publish_not_ready_addresses=True)))
    serving.sim.run(1.0)
    assert wanted.publish_not_ready_addresses
    assert conditions(serving) == EndpointConditions(ready=True, serving=False, terminating=False)
    (subset,) = endpoints(serving)
    assert (len(subset.addresses), subset.not_ready_addresses) == (1, ())


def test_a_terminating_pod_is_listed_as_serving(serving: Plane) -> None:
    serving.delete(serving.get(Pod, "p"))
    serving.sim.run(1.0)
    assert conditions(serving) == EndpointConditions(ready=False, serving=True, terminating=True)
    assert endpoints(serving) == ()


def test_a_pod_recreated_within_the_lag_of_the_cache_is_not_missed(serving: Plane) -> None:
    made = serving.get(Pod, "p")
    for _ in range(5):
        serving.change(made, unready, "status")
        serving.sim.run(0.06)
        serving.change(made, running, "status")
        serving.sim.run(0.01)
    serving.sim.run(1.0)
    assert conditions(serving).ready
    assert len(endpoints(serving)[0].addresses) == 1


def test_endpoints_follow_the_labels_of_pods(serving: Plane) -> None:
    other = serving.create(pod("q", app="other"))
    serving.tick()
    for value, app in ((serving.get(Pod, "p"), "other"), (other, "web")):
        serving.change(value, lambda one, app=app: replace(one, metadata=replace(one.metadata, labels={"app": app})))  # type: ignore[misc]
    serving.sim.run(1.0)
    (found,) = slices(serving)
    assert [one.target_ref.name for one in found.endpoints or () if one.target_ref] == ["q"]


def test_a_service_created_again_under_its_name_has_endpoints_again(serving: Plane) -> None:
    serving.delete(serving.get(Service, "web"))
    serving.create(service())
    serving.sim.run(2.0)
    assert addresses(serving) == ["10.0.0.1"]
    assert len(endpoints(serving)) == 1
    uid = serving.get(Service, "web").metadata.uid
    assert [one.metadata.owner_references[0].uid for one in slices(serving)] == [uid]


def test_endpoints_are_deleted_with_their_service(serving: Plane) -> None:
    serving.delete(serving.get(Service, "web"))
    serving.sim.run(2.0)
    assert serving.find(Endpoints, "web") is None
    assert slices(serving) == []


def test_a_terminating_slice_is_replaced_even_while_a_finalizer_holds_it(serving: Plane) -> None:
    (found,) = slices(serving)
    serving.change(found, lambda one: replace(one, metadata=replace(one.metadata, finalizers=("example.com/hold",))))
    serving.delete(found)
    serving.sim.run(2.0)
    staying = [one for one in slices(serving) if one.metadata.deletion_timestamp is None]
    assert [one.endpoints for one in staying] == [found.endpoints]


def test_a_changed_or_deleted_slice_is_restored(serving: Plane) -> None:
    (found,) = slices(serving)
    serving.change(found, lambda one: replace(one, endpoints=None))
    serving.sim.run(1.0)
    assert addresses(serving) == ["10.0.0.1"]
    serving.delete(found)
    serving.sim.run(1.0)
    assert addresses(serving) == ["10.0.0.1"]


@pytest.mark.parametrize(
    "fields", [{"selector": {}}, {"type": "ExternalName", "external_name": "example.com"}], ids=str
)
def test_a_service_without_a_selector_is_left_alone(control_plane: Plane, fields: dict[str, object]) -> None:
    control_plane.create(service(**fields))
    control_plane.sim.run(1.0)
    assert control_plane.find(Endpoints, "web") is None
    assert slices(control_plane) == []


def test_an_endpoint_has_the_zone_of_its_node(serving: Plane) -> None:
    labels = {"topology.kubernetes.io/zone": "a"}
    serving.change(
        serving.get(Node, "node-1", ""), lambda one: replace(one, metadata=replace(one.metadata, labels=labels))
    )
    serving.sim.run(1.0)
    assert one_endpoint(serving).zone == "a"


def test_more_than_a_hundred_endpoints_fill_several_slices_with_few_writes(control_plane: Plane) -> None:
    control_plane.create(service())
    control_plane.create(replica_set(130))
    control_plane.tick()
    control_plane.sim.run(1.0)
    assert sorted(len(one.endpoints or ()) for one in slices(control_plane)) == [30, 100]
    assert len(dict.fromkeys(addresses(control_plane))) == 130
    before = {one.metadata.name: one.metadata.resource_version for one in slices(control_plane)}
    control_plane.end(control_plane.list(Pod)[0])
    control_plane.tick()
    control_plane.sim.run(1.0)
    after = {one.metadata.name: one.metadata.resource_version for one in slices(control_plane)}
    assert sum(after[name] != before[name] for name in before) == 1
    assert len(addresses(control_plane)) == 130


def test_user_managed_endpoints_are_mirrored_while_they_exist(control_plane: Plane) -> None:
    control_plane.create(service(selector={}))
    written = Endpoints(
        metadata=meta("web", x="y"),
        subsets=(
            EndpointSubset(addresses=(EndpointAddress(ip="10.1.2.3"),), ports=(EndpointPort(name="http", port=80),)),
        ),
    )
    made = control_plane.create(written)
    control_plane.sim.run(1.0)
    (found,) = slices(control_plane)
    assert found.endpoints == (Endpoint(addresses=("10.1.2.3",), conditions=EndpointConditions(ready=True)),)
    assert found.ports == (SlicePort(name="http", port=80, protocol="TCP"),)
    assert found.metadata.labels == {
        "endpointslice.kubernetes.io/managed-by": "endpointslicemirroring-controller.k8s.io",
        "kubernetes.io/service-name": "web",
        "x": "y",
    }
    assert [one.kind for one in found.metadata.owner_references] == ["Endpoints"]
    control_plane.change(made, lambda one: replace(one, subsets=()))
    control_plane.sim.run(1.0)
    assert slices(control_plane) == []
