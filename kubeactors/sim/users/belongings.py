"""The objects that users create besides workloads."""

from kubeactors.api.core.v1 import Service, ServicePort, ServiceSpec
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.sim.users.manifests import APP, NAMESPACE
from kubeactors.sim.workload import Expose

TIER = "tier"
"""The label of services that users set themselves."""


def exposed(action: Expose) -> Service:
    """The service that the action wants."""
    headless, named = action.form == "Headless", len(action.ports) > 1
    ports = tuple(
        ServicePort(
            name=f"p-{port}" if named else "", port=80 + index, target_port=int(port) if port.isdigit() else port
        )
        for index, port in enumerate(action.ports)
    )
    spec = ServiceSpec(
        type="ClusterIP" if headless else action.form,
        cluster_ip="None" if headless else "",
        external_name="elsewhere.example.com" if action.form == "ExternalName" else "",
        ports=ports,
        selector={APP: action.of},
        publish_not_ready_addresses=action.not_ready,
        session_affinity="ClientIP" if action.sticky else "",
    )
    labels = {TIER: action.label} if action.label else {}
    return Service(metadata=ObjectMeta(name=action.name, namespace=NAMESPACE, labels=labels), spec=spec)
