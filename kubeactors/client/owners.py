"""Controllers of objects, by owner reference.

Source: apimachinery/pkg/apis/meta/v1/controller_ref.go (v1.36).
"""

from kubeactors.apimachinery.meta import HasMeta, ObjectMeta, OwnerReference


def controller_of(metadata: ObjectMeta) -> OwnerReference | None:
    """The owner that manages the object, if it has one.

    >>> owner = OwnerReference(api_version="apps/v1", kind="ReplicaSet", name="web", uid="1", controller=True)
    >>> controller_of(ObjectMeta(name="web-x", owner_references=(owner,))) is owner
    True
    """
    for one in metadata.owner_references:
        if one.controller:
            return one
    return None


def controller_reference(owner: HasMeta) -> OwnerReference:
    """A reference by which `owner` manages an object, and is deleted after it in a foreground deletion."""
    return OwnerReference(
        api_version=owner.api_version,
        kind=owner.kind,
        name=owner.metadata.name,
        uid=owner.metadata.uid,
        controller=True,
        block_owner_deletion=True,
    )


def is_controlled_by(metadata: ObjectMeta, uid: str) -> bool:
    """Whether the object's controller is the one with this uid."""
    owner = controller_of(metadata)
    return owner is not None and owner.uid == uid
