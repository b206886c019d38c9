"""Lease: used by leader election and for node heartbeats.

Source: api/coordination/v1/types.go, pkg/apis/coordination/validation/validation.go (v1.36).
"""

from collections.abc import Iterator

from msgspec.structs import replace

from kubeactors.api.validation import validate_count
from kubeactors.apimachinery.field import FieldError, invalid
from kubeactors.apimachinery.meta import MicroTime, Object, TypedObject, always
from kubeactors.apimachinery.scheme import Kind


class LeaseSpec(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The holder; it must renew within `lease_duration_seconds`."""

    holder_identity: str | None = None
    lease_duration_seconds: int | None = None
    acquire_time: MicroTime | None = None
    renew_time: MicroTime | None = None
    lease_transitions: int | None = None
    strategy: str | None = None
    preferred_holder: str | None = None


class Lease(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A lock that expires unless its holder renews it."""

    api_version: str = "coordination.k8s.io/v1"
    kind: str = "Lease"
    spec: LeaseSpec = always(LeaseSpec())


def default_lease(lease: Lease) -> Lease:
    """Drops the fields of coordinated leader election, which is off by default."""
    if lease.spec.strategy is None and lease.spec.preferred_holder is None:
        return lease
    return replace(lease, spec=replace(lease.spec, strategy=None, preferred_holder=None))


def validate_lease(lease: Lease) -> Iterator[FieldError]:
    """Durations are positive, counts are not negative.

    >>> [str(error) for error in validate_lease(Lease(spec=LeaseSpec(lease_duration_seconds=0)))]
    ['spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0']
    """
    seconds = lease.spec.lease_duration_seconds
    if seconds is not None and seconds <= 0:
        yield invalid("spec.leaseDurationSeconds", seconds, "must be greater than 0")
    yield from validate_count(lease.spec.lease_transitions, "spec.leaseTransitions")


def validate_lease_update(new: Lease, _old: Lease) -> Iterator[FieldError]:
    """Everything is mutable."""
    return validate_lease(new)


KINDS = (
    Kind(
        type=Lease,
        group="coordination.k8s.io",
        kind="Lease",
        resource="leases",
        singular="lease",
        default=default_lease,
        validate=validate_lease,
        validate_update=validate_lease_update,
    ),
)
"""The kind of leases."""
