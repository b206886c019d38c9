"""NetworkPolicy: allowed connections of pods.

Source: api/networking/v1/types.go, pkg/apis/networking/validation/validation.go, pkg/apis/networking/v1/defaults.go (v1.36).
"""

from collections.abc import Iterator

from msgspec.structs import replace

from kubeactors.api.ip_advice import warn_of_cidr
from kubeactors.api.validation import validate_known_cidr, validate_port, validate_port_number_or_name
from kubeactors.apimachinery.field import FieldError, forbidden, invalid, not_supported, required
from kubeactors.apimachinery.ip import Network, parse_cidr
from kubeactors.apimachinery.labels import validate_selector
from kubeactors.apimachinery.meta import (
    IntOrString,
    LabelSelector,
    Object,
    TypedObject,
    always,
)

INGRESS, EGRESS = "Ingress", "Egress"
"""The directions in which pods can be isolated."""
TCP = "TCP"
_PROTOCOLS = ("SCTP", TCP, "UDP")


class NetworkPolicyPort(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A port, or all from `port` up to `end_port`."""

    protocol: str | None = None
    port: IntOrString | None = None
    end_port: int | None = None


class IPBlock(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A range of addresses, with exceptions."""

    cidr: str = always("")
    except_: tuple[str, ...] = ()


class NetworkPolicyPeer(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A peer: pods, or a range of addresses."""

    pod_selector: LabelSelector | None = None
    namespace_selector: LabelSelector | None = None
    ip_block: IPBlock | None = None


class NetworkPolicyIngressRule(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Allowed sources and ports; empty means all."""

    ports: tuple[NetworkPolicyPort, ...] = ()
    from_: tuple[NetworkPolicyPeer, ...] = ()


class NetworkPolicyEgressRule(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Allowed destinations and ports; empty means all."""

    ports: tuple[NetworkPolicyPort, ...] = ()
    to: tuple[NetworkPolicyPeer, ...] = ()


Rules = tuple[NetworkPolicyIngressRule | NetworkPolicyEgressRule, ...]


class NetworkPolicySpec(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The isolated pods, the directions, and the allowed connections."""

    pod_selector: LabelSelector = always(LabelSelector())
    ingress: tuple[NetworkPolicyIngressRule, ...] = ()
    egress: tuple[NetworkPolicyEgressRule, ...] = ()
    policy_types: tuple[str, ...] = ()


class NetworkPolicy(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The allowed connections of some pods of a namespace."""

    api_version: str = "networking.k8s.io/v1"
    kind: str = "NetworkPolicy"
    spec: NetworkPolicySpec = always(NetworkPolicySpec())


def default_network_policy(policy: NetworkPolicy) -> NetworkPolicy:
    """The default protocol is TCP; policy types are derived from the rules.

    >>> default_network_policy(NetworkPolicy()).spec.policy_types
    ('Ingress',)
    """
    spec = policy.spec
    return replace(
        policy,
        spec=replace(
            spec,
            policy_types=spec.policy_types or ((INGRESS, EGRESS) if spec.egress else (INGRESS,)),
            ingress=tuple(replace(rule, ports=_defaulted(rule.ports)) for rule in spec.ingress),
            egress=tuple(replace(rule, ports=_defaulted(rule.ports)) for rule in spec.egress),
        ),
    )


def _defaulted(ports: tuple[NetworkPolicyPort, ...]) -> tuple[NetworkPolicyPort, ...]:
    return tuple(one if one.protocol is not None else replace(one, protocol=TCP) for one in ports)


def validate_network_policy(policy: NetworkPolicy) -> Iterator[FieldError]:
    """Selectors, ports and peers are valid."""
    return _validate_spec(policy.spec, ())


def validate_network_policy_update(new: NetworkPolicy, old: NetworkPolicy) -> Iterator[FieldError]:
    """The same, except for existing ranges."""
    rules: Rules = (*old.spec.ingress, *old.spec.egress)
    blocks = [peer.ip_block for rule in rules for peer in _peers(rule) if peer.ip_block is not None]
    return _validate_spec(new.spec, tuple(cidr for block in blocks for cidr in (block.cidr, *block.except_)))


def warn_of_network_policy(policy: NetworkPolicy, _old: NetworkPolicy | None) -> Iterator[str]:
    """Ranges that are not in canonical form."""
    for side, towards, rules in _sides(policy.spec):
        for i, rule in enumerate(rules):
            for j, peer in enumerate(_peers(rule)):
                if peer.ip_block is not None:
                    yield from _warn_of_block(peer.ip_block, f"spec.{side}[{i}].{towards}[{j}].ipBlock")


def _warn_of_block(block: IPBlock, path: str) -> Iterator[str]:
    yield from warn_of_cidr(block.cidr, f"{path}.cidr")
    for i, one in enumerate(block.except_):
        yield from warn_of_cidr(one, f"{path}.except[{i}]")


def _sides(spec: NetworkPolicySpec) -> tuple[tuple[str, str, Rules], ...]:
    return (("ingress", "from", spec.ingress), ("egress", "to", spec.egress))


def _peers(rule: NetworkPolicyIngressRule | NetworkPolicyEgressRule) -> tuple[NetworkPolicyPeer, ...]:
    return rule.from_ if isinstance(rule, NetworkPolicyIngressRule) else rule.to


def _validate_spec(spec: NetworkPolicySpec, known: tuple[str, ...]) -> Iterator[FieldError]:
    yield from validate_selector(spec.pod_selector, "spec.podSelector")
    for side, towards, rules in _sides(spec):
        for i, rule in enumerate(rules):
            for j, port in enumerate(rule.ports):
                yield from _validate_port(port, f"spec.{side}[{i}].ports[{j}]")
            for j, peer in enumerate(_peers(rule)):
                yield from _validate_peer(peer, f"spec.{side}[{i}].{towards}[{j}]", known)
    if len(spec.policy_types) > 2:
        yield invalid("spec.policyTypes", spec.policy_types, "may not specify more than two policyTypes")
        return
    for i, one in enumerate(spec.policy_types):
        if one not in (INGRESS, EGRESS):
            yield not_supported(f"spec.policyTypes[{i}]", one, (INGRESS, EGRESS))


def _validate_port(port: NetworkPolicyPort, path: str) -> Iterator[FieldError]:
    if port.protocol is not None and port.protocol not in _PROTOCOLS:
        yield not_supported(f"{path}.protocol", port.protocol, _PROTOCOLS)
    if port.port is not None:
        yield from validate_port_number_or_name(port.port, f"{path}.port")
    end = port.end_port
    if end is None:
        return
    if not isinstance(port.port, int):
        why = "not specified" if port.port is None else "non-numeric"
        yield invalid(f"{path}.endPort", end, f"may not be specified when `port` is {why}")
        return
    if end < port.port:
        yield invalid(f"{path}.endPort", end, "must be greater than or equal to `port`")
    yield from validate_port(end, f"{path}.endPort")


def _validate_peer(peer: NetworkPolicyPeer, path: str, known: tuple[str, ...]) -> Iterator[FieldError]:
    yield from validate_selector(peer.pod_selector, f"{path}.podSelector")
    yield from validate_selector(peer.namespace_selector, f"{path}.namespaceSelector")
    if peer.ip_block is not None:
        yield from _validate_block(peer.ip_block, f"{path}.ipBlock", known)
    selects = peer.pod_selector is not None or peer.namespace_selector is not None
    if peer.ip_block is None and not selects:
        yield required(path, "must specify a peer")
    elif peer.ip_block is not None and selects:
        yield forbidden(path, "may not specify both ipBlock and another peer")


def _validate_block(block: IPBlock, path: str, known: tuple[str, ...]) -> Iterator[FieldError]:
    if not block.cidr:
        yield required(f"{path}.cidr")
        return
    yield from validate_known_cidr(block.cidr, f"{path}.cidr", known)
    whole = parse_cidr(block.cidr)
    if whole is None:
        return
    for i, one in enumerate(block.except_):
        yield from validate_known_cidr(one, f"{path}.except[{i}]", known)
        part = parse_cidr(one)
        if part is not None and not _is_strictly_within(part[1], whole[1]):
            yield invalid(f"{path}.except[{i}]", one, "must be a strict subset of `cidr`")


def _is_strictly_within(part: Network, whole: Network) -> bool:
    return (
        part.version == whole.version
        and part != whole
        and part.network_address in whole
        and (part.prefixlen > whole.prefixlen)
    )
