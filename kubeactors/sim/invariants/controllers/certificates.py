"""Invariant of CertificateSigningRequests: approval, signing and cleaning.

Computed from the stored objects without the controllers' code.
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

AUTO_APPROVED = "AutoApproved"
KEPT_SECONDS = 3600
"""How long a decided request is kept, unless its certificate expires earlier."""
LATE_SECONDS = 60
YEAR_SECONDS = 365 * 24 * 3600
SLACK_SECONDS = 400
"""How much earlier a certificate may expire: it starts five minutes in the past, and is stored some time after signing."""
FOR_CLIENTS = (
    x509.BasicConstraints(ca=False, path_length=None),
    x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]),
    x509.KeyUsage(
        digital_signature=True, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=False, crl_sign=False, encipher_only=False, decipher_only=False,
    ),
)  # fmt: skip
"""The extensions of a certificate with the usages `GOOD`."""


class CSRsAreSignedCorrectly(Invariant):
    """Exactly the approved requests with usages that their signer allows are signed, once, and as requested.

    No such request is marked as failed; requests are approved automatically only for kubelets, and cleaned up in time.
    """

    name: ClassVar[str] = "csrs-are-signed-correctly"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (CertificateSigningRequest,)

    def committed(self, commit: Commit) -> Iterator[str]:
        """Check each certificate, each automatic approval, and each removed request."""
        old, new = commit.old, commit.new
        if isinstance(old, CertificateSigningRequest) and new is None:
            yield from self._gone(old)
        if not isinstance(old, CertificateSigningRequest) or not isinstance(new, CertificateSigningRequest):
            return
        if old.status.certificate and new.status.certificate != old.status.certificate:
            yield f"{title(new)}: its certificate was replaced by another one"
        if new.status.certificate and not old.status.certificate:
            if not _should_be_signed(new):
                yield f"{title(new)} was signed, but should not be: {_described(new)}"
            yield from self._not_as_asked(new)
        if has_condition(new, FAILED) and _should_be_signed(old):
            yield f"{title(new)} was marked as failed, but should be signed: {_described(new)}"
        if _is_auto_approved(new) and not _is_auto_approved(old) and not _is_auto_approvable(new):
            yield f"{title(new)} was approved automatically, but is no request of a kubelet: {_described(new)}"

    def _not_as_asked(self, new: CertificateSigningRequest) -> Iterator[str]:
        """How a certificate differs from its request.

        Source: the documentation of `expirationSeconds` in api/certificates/v1/types.go, and
        PermissiveSigningPolicy in pkg/controller/certificates/authority/policies.go (v1.36).
        """
        asked = x509.load_pem_x509_csr(new.spec.request or b"")
        found = x509.load_pem_x509_certificate(new.status.certificate)
        if (found.subject, found.public_key()) != (asked.subject, asked.public_key()):
            yield f"{title(new)}: its certificate has another key or subject, {found.subject.rfc4514_string()}"
        given = [one.value for one in found.extensions]
        if any(one not in given for one in FOR_CLIENTS):
            yield f"{title(new)}: its certificate has the wrong extensions {given}: {_described(new)}"
        seconds = YEAR_SECONDS if new.spec.expiration_seconds is None else new.spec.expiration_seconds
        now = (self.root.kernel.wall + self.root.kernel.now) / SECOND
        begins, ends = found.not_valid_before_utc.timestamp(), found.not_valid_after_utc.timestamp()
        if self._is_undisturbed() and not (begins <= now and now + seconds - SLACK_SECONDS < ends <= now + seconds):
            yield (
                f"{title(new)} requested a lifetime of {seconds} s, but its certificate is valid "
                f"from {begins - now:.0f} s to {ends - now:.0f} s from now"
            )

    def settled(self) -> Iterator[str]:
        """Look for requests that were not approved, signed or removed."""
        for one in self.world.of(CertificateSigningRequest).values():
            if _is_auto_approvable(one) and not one.status.conditions:
                yield f"{title(one)} is a kubelet's, but was not approved automatically"
            if _should_be_signed(one) and not one.status.certificate:
                yield f"{title(one)} was approved, but not signed: {_described(one)}"
            if self._is_undisturbed() and self._age_seconds(one) > _kept_seconds(one) + LATE_SECONDS:
                yield f"{title(one)} still exists {self._age_seconds(one):.0f} s after its creation, but should be removed"

    def _gone(self, old: CertificateSigningRequest) -> Iterator[str]:
        early = self._age_seconds(old) < _kept_seconds(old)
        if early and old.metadata.uid not in self.world.intents.user_managed and self._is_undisturbed():
            yield f"{title(old)} was removed too early, after {self._age_seconds(old):.0f} s: {_described(old)}"

    def _age_seconds(self, one: CertificateSigningRequest) -> float:
        kernel, created = self.root.kernel, one.metadata.creation_timestamp
        return (kernel.wall + kernel.now - parse_time(created or "")) / SECOND

    def _is_undisturbed(self) -> bool:
        """Whether no fault, such as a clock jump, has ever affected the controllers."""
        return self.world.faults.affected_until("controller-manager") == LONG_AGO


def _should_be_signed(one: CertificateSigningRequest) -> bool:
    decided = has_condition(one, APPROVED) and not has_condition(one, DENIED) and not has_condition(one, FAILED)
    return decided and one.spec.signer_name != FOREIGN and one.spec.usages == GOOD


def _is_auto_approved(one: CertificateSigningRequest) -> bool:
    return any(condition.reason == AUTO_APPROVED for condition in one.status.conditions)


def _is_auto_approvable(one: CertificateSigningRequest) -> bool:
    return one.spec.signer_name == KUBE_APISERVER_CLIENT_KUBELET and one.spec.usages == GOOD


def _kept_seconds(one: CertificateSigningRequest) -> float:
    """How long it is kept at least; forever, in terms of a run, if it is undecided, or approved and not signed."""
    if one.status.certificate:
        return SHORTEST_SECONDS if one.spec.expiration_seconds == SHORTEST_SECONDS else KEPT_SECONDS
    return KEPT_SECONDS if has_condition(one, DENIED) or has_condition(one, FAILED) else float("inf")


def _described(one: CertificateSigningRequest) -> str:
    said = [condition.type for condition in one.status.conditions]
    return f"{said or 'undecided'}, for {', '.join(one.spec.usages)} by {one.spec.signer_name}"


INVARIANTS: tuple[type[Invariant], ...] = (CSRsAreSignedCorrectly,)
