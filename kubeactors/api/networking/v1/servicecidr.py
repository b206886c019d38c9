"""ServiceCIDR: a range for the cluster IPs of services.

Source: api/networking/v1/types.go, pkg/apis/networking/validation/validation.go, pkg/apis/networking/v1/defaults.go (v1.36).
"""

from collections.abc import Iterator
from typing import Annotated

from kubeactors.apimachinery.field import FieldError, invalid, required
from kubeactors.apimachinery.ip import parse_cidr, validate_cidr
from kubeactors.apimachinery.meta import (
    Condition,
    Object,
    TypedObject,
    always,
    merge_by,
)
from kubeactors.apimachinery.objectmeta import validate_immutable

READY = "Ready"
"""The condition of ranges in use."""


class ServiceCIDRSpec(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Address ranges, at most one per family; they are immutable."""

    cidrs: tuple[str, ...] = ()


class ServiceCIDRStatus(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Whether addresses are allocated from the ranges."""

    conditions: Annotated[tuple[Condition, ...], merge_by("type")] = ()


class ServiceCIDR(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Ranges for the cluster IPs of services."""

    api_version: str = "networking.k8s.io/v1"
    kind: str = "ServiceCIDR"
    spec: ServiceCIDRSpec = always(ServiceCIDRSpec())
    status: ServiceCIDRStatus = always(ServiceCIDRStatus())


def validate_service_cidr(one: ServiceCIDR) -> Iterator[FieldError]:
    """One range, or one per family."""
    cidrs, path = one.spec.cidrs, "spec.cidrs"
    if not cidrs:
        yield required(path, "at least one CIDR required")
        return
    if len(cidrs) > 2:
        yield invalid(path, one.spec, "may only hold up to 2 values")
        return
    for i, cidr in enumerate(cidrs):
        yield from validate_cidr(cidr, f"{path}[{i}]")
    families = [parsed[1].version for cidr in cidrs if (parsed := parse_cidr(cidr)) is not None]
    if len(families) == 2 and families[0] == families[1]:
        why = "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64"
        yield invalid(path, cidrs, why)


def validate_service_cidr_update(new: ServiceCIDR, old: ServiceCIDR) -> Iterator[FieldError]:
    """Ranges are immutable; one of the other family may be added."""
    before, now = old.spec.cidrs, new.spec.cidrs
    if len(before) == 1 and len(now) == 2:
        yield from validate_immutable(now[0], before[0], "spec.cidrs[0]")
        yield from validate_service_cidr(new)
    elif len(before) == len(now):
        for i, cidr in enumerate(now):
            yield from validate_immutable(cidr, before[i], f"spec.cidrs[{i}]")
    else:
        yield invalid("spec.cidrs", now or None, "field is immutable")
