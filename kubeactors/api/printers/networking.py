"""The table printers of ingresses, network policies and service ranges.

Source: pkg/printers/internalversion/printers.go (v1.36).
"""

from kubeactors.api.networking.v1.ingress import Ingress
from kubeactors.api.networking.v1.ingressclass import IS_DEFAULT, IngressClass
from kubeactors.api.networking.v1.ipaddress import IPAddress
from kubeactors.api.networking.v1.networkpolicy import NetworkPolicy
from kubeactors.api.networking.v1.servicecidr import ServiceCIDR
from kubeactors.api.printers.table import AGE, NAME, NONE, Cells, Column, Printer, age, at_most_three
from kubeactors.apimachinery.labels import format_selector


def ingress_cells(ingress: Ingress, now_ns: int) -> Cells:
    """All cells of an ingress's row."""
    spec = ingress.spec
    name = spec.ingress_class_name
    return (
        ingress.metadata.name,
        NONE if name is None else name,
        at_most_three((rule.host for rule in spec.rules if rule.host), "*"),
        ",".join(one.ip or one.hostname for one in ingress.status.load_balancer.ingress),
        "80, 443" if spec.tls else "80",
        age(ingress.metadata, now_ns),
    )


def ingress_class_cells(one: IngressClass, now_ns: int) -> Cells:
    """All cells of an ingress class's row."""
    found = one.spec.parameters
    parameters = NONE
    if found is not None:
        kind = f"{found.kind}.{found.api_group}" if found.api_group else found.kind
        parameters = f"{kind}/{found.name}"
    mark = " (default)" if one.metadata.annotations.get(IS_DEFAULT) == "true" else ""
    return f"{one.metadata.name}{mark}", one.spec.controller, parameters, age(one.metadata, now_ns)


def network_policy_cells(policy: NetworkPolicy, now_ns: int) -> Cells:
    """All cells of a network policy's row."""
    return policy.metadata.name, format_selector(policy.spec.pod_selector), age(policy.metadata, now_ns)


def ip_address_cells(one: IPAddress, now_ns: int) -> Cells:
    """All cells of an address's row. As in Kubernetes there is one more than columns: the age."""
    parent, path = one.spec.parent_ref, NONE
    if parent is not None:
        group = f"{parent.resource}.{parent.group}" if parent.group else parent.resource
        path = "/".join(part for part in (group, parent.namespace, parent.name) if part)
    return one.metadata.name, path, age(one.metadata, now_ns)


def service_cidr_cells(one: ServiceCIDR, now_ns: int) -> Cells:
    """All cells of a range's row."""
    return one.metadata.name, ",".join(one.spec.cidrs) or NONE, age(one.metadata, now_ns)


INGRESS = Printer(
    columns=(
        NAME,
        Column(name="Class", description="The class of the ingress, which names its controller."),
        Column(name="Hosts", description="The hosts of the rules."),
        Column(name="Address", description="The addresses of the load balancer."),
        Column(name="Ports", description="The ports: 80, and 443 if there are certificates."),
        AGE,
    ),
    cells=ingress_cells,
)
INGRESS_CLASS = Printer(
    columns=(
        NAME,
        Column(name="Controller", description="The controller of the class's Ingresses."),
        Column(name="Parameters", description="The object with the controller's parameters."),
        AGE,
    ),
    cells=ingress_class_cells,
)
NETWORK_POLICY = Printer(
    columns=(NAME, Column(name="Pod-Selector", description="The labels of the pods that it applies to."), AGE),
    cells=network_policy_cells,
)
IP_ADDRESS = Printer(
    columns=(NAME, Column(name="ParentRef", description="The object that the address is allocated to.")),
    cells=ip_address_cells,
)
SERVICE_CIDR = Printer(
    columns=(NAME, Column(name="CIDRs", description="The IP ranges."), AGE), cells=service_cidr_cells
)
