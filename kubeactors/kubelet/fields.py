"""The downward API: facts about a pod for its containers. Pure.

Source: pkg/fieldpath/fieldpath.go, pkg/api/v1/resource/helpers.go (v1.36).
"""

import re
from collections.abc import Mapping

import msgspec

from kubeactors.api.core.v1 import Container, Pod
from kubeactors.api.core.v1.env import ResourceFieldSelector
from kubeactors.apimachinery import quantity

_subscripted = re.compile(r"metadata\.(labels|annotations)\['(.*)'\]")


class PodFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A pod on its node: the addresses known to the kubelet, and the node's allocatable resources."""

    pod: Pod
    pod_ip: str = ""
    host_ip: str = ""
    allocatable: Mapping[str, str] = {}


def field_of(path: str, facts: PodFacts) -> str:
    """The value of a field by its path; empty if there is none.

    >>> field_of("metadata.name", PodFacts(pod=Pod()))
    ''
    """
    metadata, spec = facts.pod.metadata, facts.pod.spec
    found = _subscripted.fullmatch(path)
    if found is not None:
        return (metadata.labels if found[1] == "labels" else metadata.annotations).get(found[2], "")
    values = {
        "metadata.name": metadata.name,
        "metadata.namespace": metadata.namespace,
        "metadata.uid": metadata.uid,
        "spec.nodeName": spec.node_name,
        "spec.serviceAccountName": spec.service_account_name,
        "status.hostIP": facts.host_ip,
        "status.hostIPs": facts.host_ip,
        "status.podIP": facts.pod_ip,
        "status.podIPs": facts.pod_ip,
    }
    if path in {"metadata.labels", "metadata.annotations"}:
        return _formatted(metadata.labels if path == "metadata.labels" else metadata.annotations)
    return values.get(path, "")


def resource_of(selector: ResourceFieldSelector, container: Container, facts: PodFacts) -> str:
    """A request or limit of a container in units of the divisor, rounded up; allocatable if there is no limit."""
    kind, _, name = selector.resource.partition(".")
    listed = container.resources.limits if kind == "limits" else container.resources.requests
    text = listed.get(name) or (facts.allocatable.get(name, "0") if kind == "limits" else "0")
    divisor = quantity.parse(selector.divisor or "0").nanos or quantity.NANOS
    return str(-(-quantity.parse(text).nanos // divisor))


def _formatted(texts: Mapping[str, str]) -> str:
    r"""Format as lines with quoted values.

    >>> _formatted({"b": "2", "a": 'x"'})
    'a="x\\""\nb="2"'
    """
    return "\n".join(f"{key}={msgspec.json.encode(texts[key]).decode()}" for key in sorted(texts))
