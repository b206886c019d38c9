"""Names and labels of the users' objects."""

from kubeactors.apimachinery.meta import LabelSelector, ObjectMeta

NAMESPACE = "default"
APP = "app"
"""The label of pods with the name of their workload."""


def labels_of(name: str) -> dict[str, str]:
    """The labels of a workload's pods."""
    return {APP: name}


def selecting(name: str) -> LabelSelector:
    """The selector of a workload's pods."""
    return LabelSelector(match_labels=labels_of(name))


def metadata_of(name: str) -> ObjectMeta:
    """The metadata of an object in the users' namespace."""
    return ObjectMeta(name=name, namespace=NAMESPACE)
