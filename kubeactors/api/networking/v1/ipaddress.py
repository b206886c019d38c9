"""IPAddress: an allocated address of the service network.

Source: api/networking/v1/types.go, pkg/apis/networking/validation/validation.go, pkg/apis/networking/v1/defaults.go (v1.36).
"""

from collections.abc import Iterator

from kubeactors.api.validation import validate_text
from kubeactors.apimachinery import names
from kubeactors.apimachinery.field import FieldError, quoted, required
from kubeactors.apimachinery.ip import parse_ip
from kubeactors.apimachinery.meta import (
    Object,
    TypedObject,
    always,
)
from kubeactors.apimachinery.objectmeta import validate_immutable


class ParentReference(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The object that an address is allocated to."""

    group: str = ""
    resource: str = ""
    namespace: str = ""
    name: str = ""


class IPAddressSpec(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The owner of the address."""

    parent_ref: ParentReference | None = None


class IPAddress(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """An allocated address of the service network; its name is the address."""

    api_version: str = "networking.k8s.io/v1"
    kind: str = "IPAddress"
    spec: IPAddressSpec = always(IPAddressSpec())


def name_is_ip(name: str, prefix: bool = False) -> names.Messages:  # noqa: FBT001, FBT002 - a NameValidator
    """The name is an address in canonical form."""
    del prefix
    address = parse_ip(name)
    if address is None:
        return ("must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)",)
    return () if str(address) == name else (f"must be in canonical form ({quoted(str(address))})",)


def validate_ip_address(one: IPAddress) -> Iterator[FieldError]:
    """The parent reference is complete."""
    parent = one.spec.parent_ref
    if parent is None:
        yield required("spec.parentRef")
        return
    path = "spec.parentRef"
    if parent.group:
        yield from validate_text(parent.group, f"{path}.group", names.dns1123_subdomain)
    for field, value in (("resource", parent.resource), ("name", parent.name), ("namespace", parent.namespace)):
        if value:
            yield from validate_text(value, f"{path}.{field}", names.path_segment)
        elif field != "namespace":
            yield required(f"{path}.{field}")


def validate_ip_address_update(new: IPAddress, old: IPAddress) -> Iterator[FieldError]:
    """The parent is immutable: an address is released, and allocated again."""
    yield from validate_immutable(new.spec.parent_ref, old.spec.parent_ref, "spec.parentRef")
