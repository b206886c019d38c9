"""The ephemeral volume controller: creates the claims of pods' ephemeral volumes, owned by their pods.

Source: pkg/controller/volume/ephemeral/controller.go (v1.36).
"""

from collections.abc import Iterator

from kubeactors.api.core.v1 import PersistentVolumeClaim, Pod
from kubeactors.api.core.v1.volume import PersistentVolumeClaimTemplate
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.client import (
    Change,
    Client,
    Controller,
    EventRecorder,
    RecordEvent,
    SharedInformer,
    controller_reference,
    is_controlled_by,
    key_of,
    reading,
)
from kubeactors.client.expectations import AWAIT_SECONDS
from kubeactors.controllers.pod_marks import CLAIMING
from kubeactors.message import Recipient

_BY_CLAIM = "ephemeral volume's claim"


class EphemeralVolumeController(Controller):
    """Reconciles pods. A claim that is deleted before its pod is created again."""

    def __init__(
        self,
        client: Client,
        events: Recipient[RecordEvent],
        *,
        pods: SharedInformer[Pod],
        claims: SharedInformer[PersistentVolumeClaim],
    ) -> None:
        super().__init__()
        self._client = client
        self._events = events
        pods.add_indexes({_BY_CLAIM: _claims_of})
        self._pods, self._claims = pods.lister, claims.lister
        self.observe(pods, self._on_pod, CLAIMING)
        self.observe(claims, self._on_claim)

    def started(self) -> None:
        """Make the event recorder."""
        super().started()
        self._recorder = EventRecorder(self._events, self.ctx, "ephemeral_volume")

    def _on_pod(self, change: Change[Pod]) -> None:
        """Enqueue new pods only: a pod's volumes do not change."""
        if change.old is None and change.new is not None and _claims_of(change.new):
            self.enqueue(change.key)

    def _on_claim(self, change: Change[PersistentVolumeClaim]) -> None:
        for key in self._pods.by_index(_BY_CLAIM, change.key) if change.new is None else ():
            self.enqueue(key)

    async def reconcile(self, key: str) -> None:
        """Create the claims that a pod lacks."""
        pod = self._pods.by_key(key)
        if pod is None or pod.metadata.deletion_timestamp is not None:
            return
        for claim in claims_from(pod):
            found = self._claims.by_key(key_of(claim))
            if found is None:
                await self._client.create(claim)
                self.enqueue_after(key, AWAIT_SECONDS)  # a relist may miss an object that came and went
            elif not is_controlled_by(found.metadata, pod.metadata.uid):
                why = f'PVC "{key_of(claim)}" was not created for pod "{key}" (pod is not owner)'
                self._recorder.warning(pod, "FailedCreateEphemeralVolumeClaim", why)


def claims_from(pod: Pod) -> Iterator[PersistentVolumeClaim]:
    """The claims of a pod's ephemeral volumes.

    >>> list(claims_from(Pod()))
    []
    """
    for one in pod.spec.volumes:
        if one.ephemeral is not None and one.ephemeral.volume_claim_template is not None:
            yield _claim(pod, one.name, one.ephemeral.volume_claim_template)


def _claim(pod: Pod, volume: str, template: PersistentVolumeClaimTemplate) -> PersistentVolumeClaim:
    metadata = ObjectMeta(
        name=f"{pod.metadata.name}-{volume}",
        namespace=pod.metadata.namespace,
        labels=template.metadata.labels,
        annotations=template.metadata.annotations,
        owner_references=(controller_reference(pod),),
    )
    return PersistentVolumeClaim(metadata=metadata, spec=template.spec)


@reading("spec.volumes")
def _claims_of(pod: Pod) -> tuple[str, ...]:
    metadata = pod.metadata
    return tuple(
        f"{metadata.namespace}/{metadata.name}-{one.name}" for one in pod.spec.volumes if one.ephemeral is not None
    )
