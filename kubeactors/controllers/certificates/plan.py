"""Which requests are auto-approved, and how long requests are kept.

Source: pkg/controller/certificates/approver/sarapprove.go, cleaner/cleaner.go, certificate_controller_utils.go (v1.36).
"""

import msgspec

from kubeactors.api.certificates.v1.certificatesigningrequest import (
    APPROVED,
    DENIED,
    FAILED,
    CertificateSigningRequest,
    CertificateSigningRequestCondition,
    has_condition,
)
from kubeactors.apimachinery.time import SECOND, parse_time
from kubeactors.controllers.certificates.signers import KUBELET_CLIENT, Subject, problem_of_kubelet

HOUR = 3600 * SECOND
DECIDED_LIFE = HOUR
PENDING_LIFE = 24 * HOUR


class Recognized(msgspec.Struct, frozen=True):
    """A kind of request that is approved if its requester may create this subresource of requests."""

    subresource: str
    message: str


_NODE_CLIENT = Recognized("nodeclient", "Auto approving kubelet client certificate after SubjectAccessReview.")
_SELF_NODE_CLIENT = Recognized(
    "selfnodeclient", "Auto approving self kubelet client certificate after SubjectAccessReview."
)


def recognized(csr: CertificateSigningRequest, subject: Subject) -> tuple[Recognized, ...]:
    """The kinds of request that this one may be auto-approved as."""
    spec = csr.spec
    if spec.signer_name != KUBELET_CLIENT or problem_of_kubelet(KUBELET_CLIENT, subject, spec.usages):
        return ()
    return (_SELF_NODE_CLIENT, _NODE_CLIENT) if spec.username == subject.common_name else (_NODE_CLIENT,)


def awaits_signature(csr: CertificateSigningRequest) -> bool:
    """Whether the request is approved, and neither signed nor failed."""
    there = csr.status
    decided = has_condition(csr, APPROVED) and not has_condition(csr, DENIED)
    return decided and not has_condition(csr, FAILED) and not there.certificate


def kept_until(csr: CertificateSigningRequest, certificate_ends: int | None) -> int | None:
    """When the request is removed (Unix nanoseconds), given when its certificate expires; None if it is kept for now.

    >>> kept_until(CertificateSigningRequest(), None) is None
    True
    """
    if not csr.status.conditions:
        created = csr.metadata.creation_timestamp
        return parse_time(created) + PENDING_LIFE if created else None
    ends = [
        _decided_at(one) + DECIDED_LIFE for one in csr.status.conditions if _is_final(one, csr) and one.last_update_time
    ]
    if certificate_ends is not None:
        ends.append(certificate_ends)
    return min(ends, default=None)


def _is_final(condition: CertificateSigningRequestCondition, csr: CertificateSigningRequest) -> bool:
    """Whether the condition is final."""
    return condition.type in {DENIED, FAILED} or (condition.type == APPROVED and bool(csr.status.certificate))


def _decided_at(condition: CertificateSigningRequestCondition) -> int:
    return parse_time(condition.last_update_time or "")
