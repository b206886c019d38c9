"""The three controllers of CertificateSigningRequests.

Source: pkg/controller/certificates/{signer/signer,approver/sarapprove,cleaner/cleaner}.go (v1.36).
"""

from contextlib import suppress
from typing import TYPE_CHECKING

from msgspec.structs import replace

from kubeactors.api.authorization.v1 import ResourceAttributes, SubjectAccessReview, SubjectAccessReviewSpec
from kubeactors.api.certificates.v1.certificatesigningrequest import (
    APPROVED,
    FAILED,
    CertificateSigningRequest,
    CertificateSigningRequestCondition,
)
from kubeactors.api.certificates.v1.pem import PemError
from kubeactors.apimachinery.meta import DeleteOptions, Preconditions
from kubeactors.apimachinery.status import Conflict, NotFound
from kubeactors.apimachinery.time import SECOND
from kubeactors.client import Change, Client, Controller, Overlay, SharedInformer
from kubeactors.controllers.certificates.plan import Recognized, awaits_signature, kept_until, recognized
from kubeactors.controllers.certificates.signers import SIGNERS, Subject, problem

if TYPE_CHECKING:
    from kubeactors.controllers.certificates.authority import Authority

Request = CertificateSigningRequest
RESOURCE = "certificatesigningrequests"

CHECK_SECONDS = 60.0
"""The longest time between two checks of a request, whose times may be another clock's. Kubernetes' is an hour."""


class _RequestController(Controller):
    """Reconciles requests when they change."""

    def __init__(self, client: Client, *, requests: SharedInformer[Request]) -> None:
        super().__init__()
        self._client = client
        self._requests = requests.lister
        self._own: Overlay[Request] = Overlay(requests.lister)
        """Requests as last written here."""
        self.observe(requests, self._on_request)

    def _on_request(self, change: Change[Request]) -> None:
        self._own.seen(change)
        if change.new is not None:
            self.enqueue(change.key)

    def _newest(self, key: str) -> Request | None:
        """The newest known state of the request."""
        return self._own.newest(key, self._requests.by_key(key))

    def _condition(self, csr: Request, type_: str, reason: str, message: str) -> Request:
        now = self.ctx.timestamp()
        made = CertificateSigningRequestCondition(
            type=type_, status="True", reason=reason, message=message, last_update_time=now, last_transition_time=now
        )
        return replace(csr, status=replace(csr.status, conditions=(*csr.status.conditions, made)))


class CSRSigner(_RequestController):
    """Signs approved requests that satisfy the rules of their signer. Without a CA key it signs nothing."""

    def __init__(self, client: Client, authority: tuple[str, bytes], *, requests: SharedInformer[Request]) -> None:
        super().__init__(client, requests=requests)
        self._pem = authority
        self._authority: Authority | None = None

    async def reconcile(self, key: str) -> None:
        """Sign the request, or add a condition that says why not."""
        csr = self._newest(key)
        if csr is None or csr.spec.signer_name not in SIGNERS or not awaits_signature(csr) or not self._pem[1]:
            return
        wrong = problem(csr.spec.signer_name, _subject(csr), csr.spec.usages)
        if wrong:
            done = self._condition(csr, FAILED, "SignerValidationFailure", wrong)
        else:
            certificate = self._signing.sign(csr.spec, self.ctx.wall, self.ctx.random)
            done = replace(csr, status=replace(csr.status, certificate=certificate))
        self._own.wrote(key, await self._client.update_status(done))

    @property
    def _signing(self) -> "Authority":
        from kubeactors.controllers.certificates.authority import Authority  # noqa: PLC0415 - with the first request

        if self._authority is None:
            self._authority = Authority(*self._pem)
        return self._authority


class CSRApprover(_RequestController):
    """Approves client certificates of kubelets for requesters that are authorized."""

    async def reconcile(self, key: str) -> None:
        """Approve the request if a SubjectAccessReview allows it to its requester."""
        csr = self._newest(key)
        if csr is None or csr.status.certificate or csr.status.conditions:
            return
        for found in recognized(csr, _subject(csr)):
            if await self._is_allowed(csr, found):
                approved = self._condition(csr, APPROVED, "AutoApproved", found.message)
                self._own.wrote(key, await self._client.update(approved, subresource="approval"))
                return

    async def _is_allowed(self, csr: Request, found: Recognized) -> bool:
        spec = csr.spec
        what = ResourceAttributes(
            group="certificates.k8s.io", resource=RESOURCE, verb="create", subresource=found.subresource, version="*"
        )
        asked = SubjectAccessReviewSpec(
            user=spec.username, uid=spec.uid, groups=spec.groups, extra=spec.extra, resource_attributes=what
        )
        return (await self._client.create(SubjectAccessReview(spec=asked))).status.allowed


class CSRCleaner(_RequestController):
    """Removes requests that are no longer needed."""

    async def reconcile(self, key: str) -> None:
        """Remove the request if its retention time is over."""
        csr = self._requests.by_key(key)
        if csr is None:
            return
        until = kept_until(csr, _end(csr))
        if until is None:
            return
        left = until - self.ctx.wall
        if left > 0:
            self.enqueue_after(key, min(left / SECOND, CHECK_SECONDS))
            return
        options = DeleteOptions(preconditions=Preconditions(uid=csr.metadata.uid))
        with suppress(NotFound, Conflict):  # it is gone or replaced by now
            await self._client.delete(Request, key, options=options)


def _subject(csr: Request) -> Subject:
    from kubeactors.controllers.certificates.authority import subject_of  # noqa: PLC0415 - with the first request

    try:
        return subject_of(csr.spec.request or b"")
    except PemError:
        return Subject()


def _end(csr: Request) -> int | None:
    if not csr.status.certificate:
        return None
    from kubeactors.controllers.certificates.authority import end_of  # noqa: PLC0415 - with the first certificate

    return end_of(csr.status.certificate)
