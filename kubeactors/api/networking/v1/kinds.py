"""How ingresses, network policies and service ranges are served."""

from kubeactors.api.networking.v1 import ingress, ingressclass, ipaddress, networkpolicy, servicecidr
from kubeactors.api.networking.v1.ingress import Ingress
from kubeactors.api.networking.v1.ingressclass import IngressClass
from kubeactors.api.networking.v1.ipaddress import IPAddress
from kubeactors.api.networking.v1.networkpolicy import NetworkPolicy
from kubeactors.api.networking.v1.servicecidr import ServiceCIDR
from kubeactors.apimachinery.scheme import Kind

GROUP = "networking.k8s.io"

KINDS = (
    Kind(
        type=Ingress,
        group=GROUP,
        kind="Ingress",
        resource="ingresses",
        singular="ingress",
        short_names=("ing",),
        subresources=("status",),
        validate=ingress.validate_ingress,
        validate_update=ingress.validate_ingress_update,
        validate_status_update=ingress.validate_ingress_status,
        warn=ingress.warn_of_ingress,
    ),
    Kind(
        type=IngressClass,
        group=GROUP,
        kind="IngressClass",
        resource="ingressclasses",
        singular="ingressclass",
        namespaced=False,
        default=ingressclass.default_ingress_class,
        validate=ingressclass.validate_ingress_class,
        validate_update=ingressclass.validate_ingress_class_update,
    ),
    Kind(
        type=IPAddress,
        group=GROUP,
        kind="IPAddress",
        resource="ipaddresses",
        singular="ipaddress",
        short_names=("ip",),
        namespaced=False,
        name_rule=ipaddress.name_is_ip,
        validate=ipaddress.validate_ip_address,
        validate_update=ipaddress.validate_ip_address_update,
    ),
    Kind(
        type=NetworkPolicy,
        group=GROUP,
        kind="NetworkPolicy",
        resource="networkpolicies",
        singular="networkpolicy",
        short_names=("netpol",),
        default=networkpolicy.default_network_policy,
        validate=networkpolicy.validate_network_policy,
        validate_update=networkpolicy.validate_network_policy_update,
        warn=networkpolicy.warn_of_network_policy,
    ),
    Kind(
        type=ServiceCIDR,
        group=GROUP,
        kind="ServiceCIDR",
        resource="servicecidrs",
        singular="servicecidr",
        namespaced=False,
        subresources=("status",),
        validate=servicecidr.validate_service_cidr,
        validate_update=servicecidr.validate_service_cidr_update,
    ),
)
