"""User actions on certificate signing requests."""

from typing import Literal

from kubeactors.sim.steps import Action

Signer = Literal["client", "kubelet", "foreign"]


class RequestCertificate(Action, frozen=True, kw_only=True, tag="request-certificate"):
    """Create a request: for a client (approved by hand), a kubelet (auto-approved), or a signer outside the cluster."""

    name: str
    signer: Signer
    good: bool = True
    """Whether the signer signs certificates for these usages."""
    short: bool = False
    """Whether it asks for the shortest duration, ten minutes."""


class ReviewCertificateRequest(Action, frozen=True, kw_only=True, tag="review-certificate-request"):
    """Approve or deny a request, unless it is decided already."""

    name: str
    approve: bool


class DeleteCertificateRequest(Action, frozen=True, kw_only=True, tag="delete-certificate-request"):
    """Delete a request."""

    name: str


CertificateAction = RequestCertificate | ReviewCertificateRequest | DeleteCertificateRequest
