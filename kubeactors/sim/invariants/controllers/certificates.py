"""What holds of requests for certificates: what was approved is signed, once, and nothing else; none goes early, or stays.

Reckoned here anew from what is in the store, by nothing that the controllers use.
"""

from collections.abc import Iterator
from typing import ClassVar

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from kubeactors.actor.supervision import SECOND
from kubeactors.api.certificates.v1.certificatesigningrequest import (
    APPROVED,
    DENIED,
    FAILED,
    KUBE_APISERVER_CLIENT_KUBELET,
    CertificateSigningRequest,
    has_condition,
)
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.time import parse_time
from kubeactors.sim.disturbances import LONG_AGO
from kubeactors.sim.invariants.invariant import Invariant, title
from kubeactors.sim.users.certificates import FOREIGN, GOOD, SHORTEST_SECONDS
from kubeactors.sim.world import Commit

BY_ITSELF = "AutoApproved"
KEPT_SECONDS = 3600
"""So long a request stays at least when it is decided, or until its certificate ends."""
LATE_SECONDS = 60
YEAR_SECONDS = 365 * 24 * 3600
SLACK_SECONDS = 400
"""So much earlier a certificate may end: it begins five minutes ago, and is written a while after it is made."""
FOR_CLIENTS = (
    x509.BasicConstraints(ca=False, path_length=None),
    x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]),
    x509.KeyUsage(
        digital_signature=True, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=False, crl_sign=False, encipher_only=False, decipher_only=False,
    ),
)  # fmt: skip
"""What the certificate of one who asks for `GOOD` says that it is good for."""


class CSRsAreSignedCorrectly(Invariant):
    """Certificates are for requests that were approved, and for what their signer signs; each is made once.

    And who deserves one is not told that his request has failed.
    """

    name: ClassVar[str] = "csrs-are-signed-correctly"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (CertificateSigningRequest,)

    def committed(self, commit: Commit) -> Iterator[str]:
        """Look at each certificate, each approval, and each request that goes."""
        old, new = commit.old, commit.new
        if isinstance(old, CertificateSigningRequest) and new is None:
            yield from self._gone(old)
        if not isinstance(old, CertificateSigningRequest) or not isinstance(new, CertificateSigningRequest):
            return
        if old.status.certificate and new.status.certificate != old.status.certificate:
            yield f"{title(new)} has its certificate, and got another one"
        if new.status.certificate and not old.status.certificate:
            if not _is_deserved(new):
                yield f"{title(new)} got a certificate that it does not deserve: {_told(new)}"
            yield from self._not_as_asked(new)
        if has_condition(new, FAILED) and _is_deserved(old):
            yield f"{title(new)} deserves a certificate, and is said to have failed: {_told(new)}"
        if _is_approved_by_itself(new) and not _is_approved_by_itself(old) and not _needs_nobody(new):
            yield f"{title(new)} was approved by itself: {_told(new)}"

    def _not_as_asked(self, new: CertificateSigningRequest) -> Iterator[str]:
        """In what a certificate is not what was asked for.

        Source: the documentation of `expirationSeconds` in api/certificates/v1/types.go, and
        PermissiveSigningPolicy in pkg/controller/certificates/authority/policies.go (v1.36).
        """
        asked = x509.load_pem_x509_csr(new.spec.request or b"")
        found = x509.load_pem_x509_certificate(new.status.certificate)
        if (found.subject, found.public_key()) != (asked.subject, asked.public_key()):
            yield f"{title(new)} got a certificate of {found.subject.rfc4514_string()}"
        given = [one.value for one in found.extensions]
        if any(one not in given for one in FOR_CLIENTS):
            yield f"{title(new)} got a certificate for {given}: {_told(new)}"
        seconds = YEAR_SECONDS if new.spec.expiration_seconds is None else new.spec.expiration_seconds
        now = (self.root.kernel.wall + self.root.kernel.now) / SECOND
        begins, ends = found.not_valid_before_utc.timestamp(), found.not_valid_after_utc.timestamp()
        if self._is_undisturbed() and not (begins <= now and now + seconds - SLACK_SECONDS < ends <= now + seconds):
            yield f"{title(new)} asked for {seconds} s, and got a certificate from {begins - now:.0f} to {ends - now:.0f} s"

    def settled(self) -> Iterator[str]:
        """Look at what has not become of each."""
        for one in self.world.of(CertificateSigningRequest).values():
            if _needs_nobody(one) and not one.status.conditions:
                yield f"{title(one)} is of a kubelet, and nobody approves it"
            if _is_deserved(one) and not one.status.certificate:
                yield f"{title(one)} was approved, and has no certificate: {_told(one)}"
            if self._is_undisturbed() and self._age_seconds(one) > _kept_seconds(one) + LATE_SECONDS:
                yield f"{title(one)} is of no use any more, and stays"

    def _gone(self, old: CertificateSigningRequest) -> Iterator[str]:
        early = self._age_seconds(old) < _kept_seconds(old)
        if early and old.metadata.uid not in self.world.intents.in_hand and self._is_undisturbed():
            yield f"{title(old)} was removed after {self._age_seconds(old):.0f} s: {_told(old)}"

    def _age_seconds(self, one: CertificateSigningRequest) -> float:
        kernel, created = self.root.kernel, one.metadata.creation_timestamp
        return (kernel.wall + kernel.now - parse_time(created or "")) / SECOND

    def _is_undisturbed(self) -> bool:
        """Whether no clock of those who look after requests has ever jumped."""
        return self.world.faults.disturbed_until("controller-manager") == LONG_AGO


def _is_deserved(one: CertificateSigningRequest) -> bool:
    decided = has_condition(one, APPROVED) and not has_condition(one, DENIED) and not has_condition(one, FAILED)
    return decided and one.spec.signer_name != FOREIGN and one.spec.usages == GOOD


def _is_approved_by_itself(one: CertificateSigningRequest) -> bool:
    return any(condition.reason == BY_ITSELF for condition in one.status.conditions)


def _needs_nobody(one: CertificateSigningRequest) -> bool:
    return one.spec.signer_name == KUBE_APISERVER_CLIENT_KUBELET and one.spec.usages == GOOD


def _kept_seconds(one: CertificateSigningRequest) -> float:
    """How long it stays at least; one that is not decided, or only approved, longer than any run takes."""
    if one.status.certificate:
        return SHORTEST_SECONDS if one.spec.expiration_seconds == SHORTEST_SECONDS else KEPT_SECONDS
    return KEPT_SECONDS if has_condition(one, DENIED) or has_condition(one, FAILED) else float("inf")


def _told(one: CertificateSigningRequest) -> str:
    said = [condition.type for condition in one.status.conditions]
    return f"{said or 'undecided'}, for {', '.join(one.spec.usages)} by {one.spec.signer_name}"


INVARIANTS: tuple[type[Invariant], ...] = (CSRsAreSignedCorrectly,)
