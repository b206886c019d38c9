"""Lease: who holds something until when; leaders and heartbeats of nodes.

Source: api/coordination/v1/types.go, pkg/apis/coordination/validation/validation.go (v1.36).
"""

from kubeactors.apimachinery.meta import MicroTime, Object, TypedObject, always


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
    """A claim that expires unless it is renewed."""

    api_version: str = "coordination.k8s.io/v1"
    kind: str = "Lease"
    spec: LeaseSpec = always(LeaseSpec())
