"""The resource claim controller: creates ResourceClaims from templates, and releases those of finished pods.

Source: pkg/controller/resourceclaim/controller.go (v1.36).
"""

from collections.abc import Iterable

from msgspec.structs import replace

from kubeactors.api.core.v1 import Pod
from kubeactors.api.core.v1.podspec import PodResourceClaim
from kubeactors.api.core.v1.podstatus import PodResourceClaimStatus
from kubeactors.api.resource.v1 import ResourceClaim, ResourceClaimTemplate
from kubeactors.api.resource.v1.resourceclaim import FINALIZER, ResourceClaimConsumerReference
from kubeactors.apimachinery.meta import DeleteOptions, ObjectMeta, Preconditions
from kubeactors.apimachinery.status import AlreadyExists, Conflict, NotFound
from kubeactors.client import (
    Change,
    Client,
    Controller,
    EventRecorder,
    Overlay,
    RecordEvent,
    SharedInformer,
    cluster_key,
    controller_of,
    controller_reference,
    is_controlled_by,
    key_of,
    reading,
)
from kubeactors.client.expectations import AWAIT_SECONDS
from kubeactors.controllers.pod_marks import CLAIMING
from kubeactors.controllers.podcontrol import while_there
from kubeactors.controllers.pods import FAILED, SUCCEEDED, generated_name
from kubeactors.message import Recipient

POD_CLAIM_NAME = "resource.kubernetes.io/pod-claim-name"
"""Annotation of a claim made from a template: the name of the claim in the pod's spec."""

_BY_POD, _BY_TEMPLATE = "resourceclaim's pod", "resourceclaim's template"
_POD, _CLAIM = "pod:", "claim:"
MAX_NAME_PART = 63 - 5 - 2
"""The room in a DNS label for the names of pod and claim, without the random suffix and two dashes."""


class ResourceClaimController(Controller):
    """Reconciles pods, which need claims, and claims, whose consumers finish."""

    def __init__(
        self,
        client: Client,
        events: Recipient[RecordEvent],
        *,
        pods: SharedInformer[Pod],
        claims: SharedInformer[ResourceClaim],
        templates: SharedInformer[ResourceClaimTemplate],
    ) -> None:
        super().__init__()
        self._client = client
        self._events = events
        claims.add_indexes({_BY_POD: _pods_of})
        pods.add_indexes({_BY_TEMPLATE: _templates_of})
        self._pods, self._claims, self._templates = pods.lister, claims.lister, templates.lister
        self._own: Overlay[ResourceClaim] = Overlay(claims.lister)
        """Claims as last written here, by the UID of the pod they were created for, or else by their own."""
        self._names: dict[tuple[str, str], str] = {}
        """The names of claims whose creation is not confirmed, by the UID of the pod and the claim in its spec."""
        self.observe(pods, self._on_pod, CLAIMING)
        self.observe(claims, self._on_claim)
        self.observe(templates, self._on_template)

    def started(self) -> None:
        """Make the event recorder."""
        super().started()
        self._recorder = EventRecorder(self._events, self.ctx, "resource_claim")

    def _on_pod(self, change: Change[Pod]) -> None:
        pod = change.current
        if not pod.spec.resource_claims:
            return
        if change.new is None:
            self._forget(pod)
        if change.new is not None and not _has_ended(change.new):
            self.enqueue(_POD + change.key)
            return
        for key in self._claims.by_index(_BY_POD, pod.metadata.uid):
            self.enqueue(_CLAIM + key)

    def _forget(self, pod: Pod) -> None:
        """Drop what is known of a deleted pod."""
        self._own.forget(pod.metadata.uid)
        for one in pod.spec.resource_claims:
            self._names.pop((pod.metadata.uid, one.name), None)

    def _on_claim(self, change: Change[ResourceClaim]) -> None:
        self._own.seen(change)
        self.enqueue(_CLAIM + change.key)
        if change.new is None:  # its pod may still need it
            for owner in change.current.metadata.owner_references:
                if owner.kind == "Pod":
                    self.enqueue(_POD + cluster_key(change.current.metadata.namespace, owner.name))

    def _on_template(self, change: Change[ResourceClaimTemplate]) -> None:
        for key in self._pods.by_index(_BY_TEMPLATE, change.key) if change.old is None else ():
            self.enqueue(_POD + key)

    async def reconcile(self, key: str) -> None:
        """Create the claims that a pod lacks, or release a claim that is not in use."""
        if key.startswith(_POD):
            pod = self._pods.by_key(key.removeprefix(_POD))
            if pod is not None and pod.metadata.deletion_timestamp is None and not _has_ended(pod):
                with while_there(pod, self._pods, lambda _: self._forget(pod)):
                    await self._provide(pod)
            if pod is not None and self._own.lacking(pod.metadata.uid):
                self.enqueue_after(key, AWAIT_SECONDS)  # a relist may miss an object that came and went
            return
        key = key.removeprefix(_CLAIM)
        claim = self._own.newest(key, self._claims.by_key(key))
        if claim is not None:
            await self._release(claim)

    # Pods.

    async def _provide(self, pod: Pod) -> None:
        known = {one.name: one for one in pod.status.resource_claim_statuses}
        for one in pod.spec.resource_claims:
            if one.resource_claim_template_name is not None and not self._is_there(pod, known.get(one.name)):
                name = await self._claim_name(pod, one, one.resource_claim_template_name)
                if name:
                    known[one.name] = PodResourceClaimStatus(name=one.name, resource_claim_name=name)
        statuses = tuple(known.values())
        if statuses != pod.status.resource_claim_statuses:
            status = {
                "resourceClaimStatuses": [
                    {"name": one.name, "resourceClaimName": one.resource_claim_name} for one in statuses
                ]
            }
            metadata = pod.metadata
            patch = {"metadata": {"uid": metadata.uid}, "status": status}
            await self._client.patch(Pod, metadata.name, patch, metadata.namespace, subresource="status")

    def _is_there(self, pod: Pod, status: PodResourceClaimStatus | None) -> bool:
        if status is None or status.resource_claim_name is None:
            return False
        key = cluster_key(pod.metadata.namespace, status.resource_claim_name)
        return self._own.newest(key, self._claims.by_key(key)) is not None

    async def _claim_name(self, pod: Pod, one: PodResourceClaim, template_name: str) -> str:
        """The name of the pod's claim, created now or before; empty if the template does not exist."""
        metadata = pod.metadata
        for claim in self._own.group(metadata.uid, self._claims.by_index(_BY_POD, metadata.uid)):
            if _is_made_for(claim, pod, one.name):
                return claim.metadata.name
        template = self._templates.get(template_name, metadata.namespace)
        if template is None:
            message = f'PodResourceClaim {one.name}: resource claim template "{template_name}": resourceclaimtemplate.resource.k8s.io "{template_name}" not found'
            self._recorder.warning(pod, "FailedResourceClaimCreation", message)
            return ""
        return (await self._create(claim_from(template, pod, one.name), pod, one.name)).metadata.name

    async def _create(self, claim: ResourceClaim, pod: Pod, for_: str) -> ResourceClaim:
        """Create the claim under a name chosen here, and under the same after a lost reply: never two claims."""
        key, metadata = (pod.metadata.uid, for_), claim.metadata
        name = self._names.setdefault(key, generated_name(metadata.generate_name, self.ctx.random))
        try:
            made = await self._client.create(replace(claim, metadata=replace(metadata, name=name)))
        except AlreadyExists:
            made = await self._client.get(ResourceClaim, name, metadata.namespace)
            if not _is_made_for(made, pod, for_):
                self._names.pop(key, None)
                raise
        self._names.pop(key, None)
        return self._own.created(pod.metadata.uid, made)

    # Claims.

    async def _release(self, claim: ResourceClaim) -> None:
        users = [one for one in claim.status.reserved_for if await self._is_used_by(claim, one)]
        if not users and (claim.status.reserved_for or claim.metadata.deletion_timestamp is not None):
            await self._deallocate(claim)
        elif len(users) < len(claim.status.reserved_for):
            status = replace(claim.status, reserved_for=tuple(users))
            self._wrote(await self._client.update_status(replace(claim, status=status)))
        if not users:
            await self._delete_if_its_pod_has_ended(claim)

    async def _deallocate(self, claim: ResourceClaim) -> None:
        if claim.status.allocation is not None or claim.status.reserved_for:
            status = replace(claim.status, reserved_for=(), allocation=None)
            claim = self._wrote(await self._client.update_status(replace(claim, status=status)))
        if FINALIZER in claim.metadata.finalizers:
            finalizers = tuple(one for one in claim.metadata.finalizers if one != FINALIZER)
            metadata = replace(claim.metadata, finalizers=finalizers)
            self._wrote(await self._client.update(replace(claim, metadata=metadata)))

    def _wrote(self, claim: ResourceClaim) -> ResourceClaim:
        owner = controller_of(claim.metadata)
        return self._own.wrote(owner.uid if owner is not None else claim.metadata.uid, claim)

    async def _delete_if_its_pod_has_ended(self, claim: ResourceClaim) -> None:
        metadata = claim.metadata
        owner = next((one for one in metadata.owner_references if one.controller and one.kind == "Pod"), None)
        pod = self._pods.get(owner.name, metadata.namespace) if owner is not None else None
        if owner is None or pod is None or pod.metadata.uid != owner.uid or not _has_ended(pod):
            return
        options = DeleteOptions(preconditions=Preconditions(uid=metadata.uid))
        try:
            await self._client.delete(ResourceClaim, metadata.name, metadata.namespace, options=options)
        except (Conflict, NotFound):
            return  # it is gone or replaced by now

    async def _is_used_by(self, claim: ResourceClaim, one: ResourceClaimConsumerReference) -> bool:
        """Whether the consumer is still active. A pod is considered gone only after a live read."""
        if one.api_group or one.resource != "pods":
            return True
        namespace = claim.metadata.namespace
        pod = self._pods.get(one.name, namespace)
        if pod is None or pod.metadata.uid != one.uid:
            pod = await self._client.find(Pod, one.name, namespace)
            if pod is not None:  # the cache will show it, unless it is deleted while the watch is broken
                self.enqueue_after(_CLAIM + key_of(claim), AWAIT_SECONDS)
        return pod is not None and pod.metadata.uid == one.uid and not _has_ended(pod)


def claim_from(template: ResourceClaimTemplate, pod: Pod, name: str) -> ResourceClaim:
    """The claim for a pod from a template.

    >>> claim_from(ResourceClaimTemplate(), Pod(metadata=ObjectMeta(name="web")), "gpu").metadata.generate_name
    'web-gpu-'
    """
    given = template.spec.metadata
    metadata = ObjectMeta(
        generate_name=f"{shortened(pod.metadata.name)}-{shortened(name)}-",
        namespace=pod.metadata.namespace,
        labels=given.labels,
        annotations={**given.annotations, POD_CLAIM_NAME: name},
        owner_references=(controller_reference(pod),),
    )
    return ResourceClaim(metadata=metadata, spec=template.spec.spec)


def shortened(name: str) -> str:
    """The name, cut to half of the room.

    >>> len(shortened("x" * 60))
    28
    """
    return name[: MAX_NAME_PART // 2]


def _is_made_for(claim: ResourceClaim, pod: Pod, name: str) -> bool:
    """Whether the claim was created for this claim in the pod's spec."""
    return is_controlled_by(claim.metadata, pod.metadata.uid) and claim.metadata.annotations.get(POD_CLAIM_NAME) == name


def _has_ended(pod: Pod) -> bool:
    return pod.status.phase in {SUCCEEDED, FAILED}


def _pods_of(claim: ResourceClaim) -> tuple[str, ...]:
    """The UIDs of the pods that own the claim or have it reserved."""
    owners: Iterable[str] = (one.uid for one in claim.metadata.owner_references if one.kind == "Pod")
    return tuple(dict.fromkeys((*owners, *(one.uid for one in claim.status.reserved_for))))


@reading("spec.resource_claims")
def _templates_of(pod: Pod) -> tuple[str, ...]:
    names = (one.resource_claim_template_name for one in pod.spec.resource_claims)
    return tuple(cluster_key(pod.metadata.namespace, one) for one in names if one)
