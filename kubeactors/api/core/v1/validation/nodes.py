"""Nodes.

Paths of taints begin with `metadata`: the original's slip, which clients see.

Source: ValidateNode, ValidateNodeUpdate (v1.36).
"""

from collections.abc import Iterator

from kubeactors.api.core.v1.node import ConfigMapNodeConfigSource, Node, NodeConfigSource
from kubeactors.api.core.v1.validation.common import internal, messages
from kubeactors.api.core.v1.validation.resources import validate_amount
from kubeactors.api.core.v1.validation.taints import validate_taints
from kubeactors.apimachinery import names
from kubeactors.apimachinery.field import FieldError, duplicate, forbidden, invalid, required
from kubeactors.apimachinery.ip import parse_cidr, validate_legacy_cidr

_ONCE = 'except from "" to valid'


def validate_node(node: Node) -> Iterator[FieldError]:
    """Taints are unique, and quantities and pod ranges are valid."""
    yield from _taints(node)
    yield from _amounts(node)
    if node.spec.pod_cidrs:
        yield from _pod_cidrs(node.spec.pod_cidrs, "spec.podCIDRs")


def validate_node_update(new: Node, old: Node) -> Iterator[FieldError]:
    """Pod ranges and the provider id are set once; the rest is mutable."""
    yield from _amounts(new)
    for i, address in enumerate(new.status.addresses):
        if address in new.status.addresses[:i]:
            yield duplicate(f"status.addresses[{i}]", internal(address))
    yield from _set_once(new, old)
    if new.spec.config_source is not None:
        yield from _config_source(new.spec.config_source, "spec.configSource", in_status=False)
    config = new.status.config
    if config is not None:
        for name, source in (
            ("assigned", config.assigned),
            ("active", config.active),
            ("lastKnownGood", config.last_known_good),
        ):
            if source is not None:
                yield from _config_source(source, f"status.config.{name}", in_status=True)
    yield from _taints(new)
    if new.spec.external_id != old.spec.external_id:
        yield forbidden("spec.externalID", "may not be updated")


def _taints(node: Node) -> Iterator[FieldError]:
    if node.spec.taints:
        yield from validate_taints(node.spec.taints, "metadata.taints")


def _amounts(node: Node) -> Iterator[FieldError]:
    for name, amount in node.status.capacity.items():
        yield from validate_amount(name, amount, f"status.capacity.{name}")
    for name, amount in node.status.allocatable.items():
        yield from validate_amount(name, amount, f"status.allocatable.{name}")


def _pod_cidrs(ranges: tuple[str, ...], path: str) -> Iterator[FieldError]:
    for i, one in enumerate(ranges):
        yield from validate_legacy_cidr(one, f"{path}[{i}]")
    if len(ranges) < 2:
        return
    families = [parsed[1].version for one in ranges if (parsed := parse_cidr(one))]
    if sorted(families) != [4, 6]:
        yield invalid(path, ranges, "may specify no more than one CIDR for each IP family")
    for i, one in enumerate(ranges):
        if one in ranges[:i]:
            yield duplicate(f"{path}[{i}]", one)


def _set_once(new: Node, old: Node) -> Iterator[FieldError]:
    before, after = old.spec.pod_cidrs, new.spec.pod_cidrs
    if before and before != after:
        yield forbidden("spec.podCIDRs", f"node updates may not change podCIDR {_ONCE}")
    if old.spec.provider_id and old.spec.provider_id != new.spec.provider_id:
        yield forbidden("spec.providerID", f"node updates may not change providerID {_ONCE}")


def _config_source(source: NodeConfigSource, path: str, *, in_status: bool) -> Iterator[FieldError]:
    if source.config_map is None:
        yield invalid(path, source, "exactly one reference subfield must be non-nil")
    else:
        yield from _config_map(source.config_map, f"{path}.configMap", in_status=in_status)


def _config_map(source: ConfigMapNodeConfigSource, path: str, *, in_status: bool) -> Iterator[FieldError]:
    for name, value in (("uid", source.uid), ("resourceVersion", source.resource_version)):
        if in_status and not value:
            yield required(f"{path}.{name}", f"{name} must be set in status")
        if value and not in_status:
            yield forbidden(f"{path}.{name}", f"{name} must not be set in spec")
    for name, value, check in (
        ("namespace", source.namespace, names.dns1123_label),
        ("name", source.name, names.dns1123_subdomain),
        ("kubeletConfigKey", source.kubelet_config_key, names.config_map_key),
    ):
        if not value:
            yield required(f"{path}.{name}", f"{name} must be set")
        else:
            yield from messages(f"{path}.{name}", value, check(value))
