"""What users do about certificates."""

from typing import Literal

from kubeactors.sim.steps import Action

Signer = Literal["client", "kubelet", "foreign"]


class AskForCertificate(Action, frozen=True, kw_only=True, tag="ask-for-certificate"):
    """Ask a signer for a certificate: for a person who is to be approved, for a kubelet, which is by itself, or elsewhere."""

    name: str
    signer: Signer
    good: bool = True
    """Whether it is for something that the signer signs."""
    short: bool = False
    """Whether it is to end as soon as may be, after ten minutes."""


class Decide(Action, frozen=True, kw_only=True, tag="decide"):
    """Approve a request for a certificate, or deny it, unless somebody has done so."""

    name: str
    approve: bool


class DropRequest(Action, frozen=True, kw_only=True, tag="drop-request"):
    """Delete a request for a certificate."""

    name: str


CertificateAction = AskForCertificate | Decide | DropRequest
