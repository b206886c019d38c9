"""The revision history of StatefulSets and DaemonSets: one ControllerRevision for each template.

Source: pkg/controller/history/controller_history.go (v1.36).
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import cast

import msgspec
from msgspec.structs import replace

from kubeactors.api.apps.v1 import ControllerRevision
from kubeactors.api.core.v1 import PodTemplateSpec
from kubeactors.apimachinery.labels import Selector
from kubeactors.apimachinery.meta import DeleteOptions, ObjectMeta, Preconditions, TypedObject
from kubeactors.apimachinery.status import AlreadyExists, NotFound
from kubeactors.client import Change, Client, Overlay, SharedInformer, controller_reference, is_controlled_by
from kubeactors.controllers.adoption import (
    CONTROLLER,
    ORPHANS,
    adopt,
    by_controller,
    by_orphanhood,
    claim,
    release,
    selector_value,
)

HASH = "controller.kubernetes.io/hash"
"""Label of ControllerRevisions: the hash in their name."""
REVISION_LABEL = "controller-revision-hash"
"""Label of pods: the revision that they were created from."""

_LONGEST_PREFIX = 223

Data = Mapping[str, object]


def data_of(template: PodTemplateSpec) -> dict[str, object]:
    """The data of a revision: a patch that restores the template.

    >>> data_of(PodTemplateSpec())["spec"]["template"]["$patch"]
    'replace'
    """
    fields = cast("dict[str, object]", msgspec.json.decode(msgspec.json.encode(template)))
    return {"spec": {"template": {**fields, "$patch": "replace"}}}


def template_in(revision: ControllerRevision) -> PodTemplateSpec:
    """The template that a revision stores.

    >>> template_in(ControllerRevision(data=data_of(PodTemplateSpec()))) == PodTemplateSpec()
    True
    """
    spec = cast("dict[str, dict[str, object]]", (revision.data or {}).get("spec", {}))
    fields = {key: value for key, value in spec.get("template", {}).items() if key != "$patch"}
    return msgspec.convert(fields, PodTemplateSpec)


def in_order(revisions: Iterable[ControllerRevision]) -> list[ControllerRevision]:
    """The revisions, oldest first."""
    return sorted(revisions, key=lambda one: (one.revision, one.metadata.creation_timestamp or "", one.metadata.name))


def newest_equal(revisions: Iterable[ControllerRevision], data: Data) -> ControllerRevision | None:
    """The newest revision with this data."""
    return next((one for one in reversed(in_order(revisions)) if one.data == data), None)


def surplus(revisions: Iterable[ControllerRevision], live: Iterable[str], limit: int) -> list[ControllerRevision]:
    """The oldest revisions beyond the limit. Revisions in use (`live`, by name) do not count.

    A negative limit keeps all.
    """
    used = dict.fromkeys(live)
    unused = [one for one in in_order(revisions) if one.metadata.name not in used]
    return unused[: max(len(unused) - limit, 0)] if limit >= 0 else []


def name_of(owner: str, hash_: str) -> str:
    """The name of a revision."""
    return f"{owner[:_LONGEST_PREFIX]}-{hash_}"


def revision_of(
    owner: TypedObject, labels: Mapping[str, str], data: dict[str, object], number: int
) -> ControllerRevision:
    """A new revision of the owner, still without a name."""
    return ControllerRevision(
        metadata=ObjectMeta(
            namespace=owner.metadata.namespace,
            labels=dict(labels),
            annotations=owner.metadata.annotations,
            owner_references=(controller_reference(owner),),
        ),
        data=data,
        revision=number,
    )


class History:
    """Reads and writes revisions. It sees its own writes before the cache does."""

    def __init__(self, client: Client, revisions: SharedInformer[ControllerRevision]) -> None:
        revisions.add_indexes({CONTROLLER: by_controller, ORPHANS: by_orphanhood})
        self._client = client
        self._lister = revisions.lister
        self._overlay: Overlay[ControllerRevision] = Overlay(revisions.lister)

    def seen(self, change: Change[ControllerRevision]) -> bool:
        """Note a change of the cache. True if it is the echo of our own last write."""
        return self._overlay.seen(change)

    def lacking(self, uid: str) -> bool:
        """Whether the cache still lacks a revision written here. It may never show it: check again later."""
        return self._overlay.lacking(uid)

    def forget(self, uid: str) -> None:
        """Drop what is known of a deleted owner."""
        self._overlay.forget(uid)

    async def of(self, owner: TypedObject, selector: Selector) -> list[ControllerRevision]:
        """The owner's revisions, oldest first, after adopting those that match and releasing those that no longer do.

        Raises:
            StatusError: a request was rejected.
        """
        uid, namespace = owner.metadata.uid, owner.metadata.namespace
        orphans = self._lister.by_index(ORPHANS, selector_value(namespace, selector))
        owned = self._lister.by_index(CONTROLLER, uid)
        sorted_out = claim(owner, selector, self._overlay.group_with(uid, owned, orphans))
        await release(self._client, owner, sorted_out.release)
        adopted = await adopt(self._client, owner, selector, sorted_out.adopt)
        return in_order((*sorted_out.owned, *adopted))

    async def renumber(self, revision: ControllerRevision, number: int) -> ControllerRevision:
        """Make an older revision the newest."""
        return self._wrote(await self._client.update(replace(revision, revision=number)))

    async def create(self, revision: ControllerRevision, hash_: str, label: str) -> ControllerRevision | None:
        """Create a revision named after its hash; None if the name is taken: retry with another hash.

        `label` is the key of the label that holds the hash. An existing revision of this name with the same data is the
        result of an earlier create whose reply was lost, and is returned.
        """
        owner = revision.metadata.owner_references[0]
        metadata = replace(
            revision.metadata, name=name_of(owner.name, hash_), labels={**revision.metadata.labels, label: hash_}
        )
        try:
            return self._overlay.created(owner.uid, await self._client.create(replace(revision, metadata=metadata)))
        except AlreadyExists:
            there = await self._client.get(ControllerRevision, metadata.name, metadata.namespace)
            ours = is_controlled_by(there.metadata, owner.uid) and there.data == revision.data
            return self._wrote(there) if ours else None

    async def delete(self, revision: ControllerRevision) -> None:
        """Delete exactly this revision, by UID."""
        metadata = revision.metadata
        options = DeleteOptions(preconditions=Preconditions(uid=metadata.uid))
        with suppress(NotFound):
            await self._client.delete(ControllerRevision, metadata.name, metadata.namespace, options=options)
        self._overlay.deleted(revision)

    def _wrote(self, revision: ControllerRevision) -> ControllerRevision:
        return self._overlay.wrote(revision.metadata.owner_references[0].uid, revision)
