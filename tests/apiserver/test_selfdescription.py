"""The objects by which the server describes itself."""

from kubeactors.api.apiregistration.v1.apiservice import APIService
from kubeactors.api.core.v1.componentstatus import ComponentStatus
from kubeactors.api.flowcontrol.v1.flowschema import FlowSchema
from kubeactors.api.flowcontrol.v1.prioritylevel import PriorityLevelConfiguration
from kubeactors.api.networking.v1.servicecidr import ServiceCIDR
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.apiserver import ApiServerConfig
from kubeactors.storage.backends.memory import MemoryBackend
from tests.apiserver.plane import Plane, refusal


def test_every_group_version_is_registered_and_available() -> None:
    found = Plane().get(APIService, "v1.apps")
    assert (found.spec.group, found.spec.version, found.spec.service) == ("apps", "v1", None)
    assert [(one.type, one.status, one.reason) for one in found.status.conditions] == [("Available", "True", "Local")]


def test_the_suggested_flow_schemas_exist_from_the_start() -> None:
    plane = Plane()
    assert len(plane.names(FlowSchema)) == 13
    assert len(plane.names(PriorityLevelConfiguration)) == 8
    (condition,) = plane.get(FlowSchema, "exempt").status.conditions
    assert (condition.type, condition.status, condition.reason) == ("Dangling", "False", "Found")


def test_the_service_cidr_is_that_of_the_configuration() -> None:
    found = Plane(ApiServerConfig(service_cidr="10.5.0.0/16")).get(ServiceCIDR, "kubernetes")
    assert found.spec.cidrs == ("10.5.0.0/16",)
    assert [(one.type, one.status) for one in found.status.conditions] == [("Ready", "True")]


def test_a_restarted_server_keeps_changes_of_users() -> None:
    backend = MemoryBackend()
    plane = Plane(backend=backend)
    plane.patch(FlowSchema, "probes", {"spec": {"matchingPrecedence": 3}})
    plane.delete(FlowSchema, "service-accounts")
    again = Plane(backend=backend)
    assert again.get(FlowSchema, "probes").spec.matching_precedence == 3
    assert "service-accounts" in again.names(FlowSchema)


def test_component_statuses_are_never_stored() -> None:
    plane = Plane()
    assert plane.names(ComponentStatus) == ["scheduler", "controller-manager", "etcd-0"]
    assert plane.get(ComponentStatus, "etcd-0").conditions[0].status == "True"
    assert refusal(plane.try_get(ComponentStatus, "etcd-9"))[:2] == (404, "NotFound")
    assert refusal(plane.try_create(ComponentStatus(metadata=ObjectMeta(name="x"))))[0] == 405
