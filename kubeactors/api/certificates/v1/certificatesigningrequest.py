"""CertificateSigningRequest: a request for a certificate.

Source: api/certificates/v1/types.go (v1.36).
"""

from typing import Annotated

from kubeactors.apimachinery.meta import (
    Object,
    Time,
    TypedObject,
    always,
    list_map,
)

APPROVED, DENIED, FAILED = "Approved", "Denied", "Failed"
"""The conditions that complete a request."""

KUBE_APISERVER_CLIENT = "kubernetes.io/kube-apiserver-client"
KUBE_APISERVER_CLIENT_KUBELET = "kubernetes.io/kube-apiserver-client-kubelet"
KUBELET_SERVING = "kubernetes.io/kubelet-serving"
LEGACY_UNKNOWN = "kubernetes.io/legacy-unknown"
"""The signers of the cluster itself."""


class CertificateSigningRequestSpec(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The request, its signer, lifetime and usages; and the requesting user."""

    request: bytes | None = always(None)
    signer_name: str = always("")
    expiration_seconds: int | None = None
    usages: tuple[str, ...] = ()
    username: str = ""
    uid: str = ""
    groups: tuple[str, ...] = ()
    extra: dict[str, tuple[str, ...]] = {}


class CertificateSigningRequestCondition(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Approved, Denied or Failed, with the reason."""

    type: str = always("")
    status: str = always("")
    reason: str = ""
    message: str = ""
    last_update_time: Time | None = always(None)
    last_transition_time: Time | None = always(None)


class CertificateSigningRequestStatus(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The decision, and the certificate once it is issued."""

    conditions: Annotated[tuple[CertificateSigningRequestCondition, ...], list_map("type")] = ()
    certificate: bytes = b""


class CertificateSigningRequest(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Asks a signer for a certificate."""

    api_version: str = "certificates.k8s.io/v1"
    kind: str = "CertificateSigningRequest"
    spec: CertificateSigningRequestSpec = always(CertificateSigningRequestSpec())
    status: CertificateSigningRequestStatus = always(CertificateSigningRequestStatus())


def has_condition(csr: CertificateSigningRequest, type_: str) -> bool:
    """Whether the request has a condition."""
    return any(one.type == type_ for one in csr.status.conditions)


def is_finished(csr: CertificateSigningRequest) -> bool:
    """Whether the request is complete: denied, failed, or with a certificate."""
    return bool(csr.status.certificate) or has_condition(csr, DENIED) or has_condition(csr, FAILED)


def csr_fields(csr: CertificateSigningRequest) -> dict[str, str]:
    """The fields that field selectors support."""
    return {"spec.signerName": csr.spec.signer_name}
