"""CertificateSigningRequests: the requester is recorded; approval and certificate have subresources of their own.

Source: pkg/registry/certificates/certificates/strategy.go (v1.36).
"""

from collections.abc import Iterator

from msgspec.structs import replace

from kubeactors.api.certificates.v1.certificatesigningrequest import (
    CertificateSigningRequest,
    CertificateSigningRequestCondition,
    CertificateSigningRequestStatus,
)
from kubeactors.api.certificates.v1.validation import validate_csr_approval
from kubeactors.apimachinery.field import FieldError
from kubeactors.apiserver.registry.strategy import STATUS, Strategy

APPROVAL = "approval"


class CertificateStrategy(Strategy[CertificateSigningRequest]):
    """The strategy of CertificateSigningRequests."""

    def prepare_for_create(self, new: CertificateSigningRequest) -> CertificateSigningRequest:
        """No status."""
        return replace(new, status=CertificateSigningRequestStatus())

    def prepare(
        self, new: CertificateSigningRequest, old: CertificateSigningRequest, subresource: str
    ) -> CertificateSigningRequest:
        """`approval` changes conditions, `status` the certificate."""
        status = old.status
        if subresource == APPROVAL:
            status = replace(status, conditions=self._stamped(new.status.conditions, status.conditions))
            return replace(new, spec=old.spec, status=status)
        if subresource == STATUS:
            conditions = self._stamped(new.status.conditions, status.conditions)
            return replace(new, spec=old.spec, status=replace(new.status, conditions=conditions))
        return replace(new, spec=old.spec, status=status)

    def check(
        self, new: CertificateSigningRequest, old: CertificateSigningRequest, subresource: str
    ) -> Iterator[FieldError]:
        """A decision is final."""
        if subresource == APPROVAL:
            return validate_csr_approval(new, old)
        return super().check(new, old, subresource)

    def _stamped(
        self,
        conditions: tuple[CertificateSigningRequestCondition, ...],
        old: tuple[CertificateSigningRequestCondition, ...],
    ) -> tuple[CertificateSigningRequestCondition, ...]:
        """Conditions with their update and transition times."""
        before = {one.type: one for one in old}
        now = self.environment.timestamp()
        return tuple(_with_times(one, before.get(one.type), now) for one in conditions)


def _with_times(
    one: CertificateSigningRequestCondition, old: CertificateSigningRequestCondition | None, now: str
) -> CertificateSigningRequestCondition:
    changed = one.last_transition_time
    if changed is None:
        changed = old.last_transition_time if old is not None and old.status == one.status else now
    return replace(one, last_update_time=one.last_update_time or now, last_transition_time=changed)
