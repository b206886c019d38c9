"""Which of several classes is meant where none is named.

Source: pkg/volume/util/storageclass.go, plugin/pkg/admission/network/defaultingressclass/admission.go (v1.36).
"""

from collections.abc import Iterable

from kubeactors.apimachinery.meta import TypedObject


def newest_name(found: Iterable[TypedObject]) -> str | None:
    """The name of the newest of the default classes; of several as new, the first by name."""
    classes = sorted(found, key=lambda one: one.metadata.name)
    classes.sort(key=lambda one: one.metadata.creation_timestamp or "", reverse=True)
    return classes[0].metadata.name if classes else None
