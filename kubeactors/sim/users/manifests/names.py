"""What the objects of users are called, and what their pods are known by."""

from kubeactors.apimachinery.meta import LabelSelector, ObjectMeta

NAMESPACE = "default"
APP = "app"
"""The label of pods that says whose they are."""


def labels_of(name: str) -> dict[str, str]:
    """Of the pods of a workload."""
    return {APP: name}


def selecting(name: str) -> LabelSelector:
    """What selects them."""
    return LabelSelector(match_labels=labels_of(name))


def metadata_of(name: str) -> ObjectMeta:
    """Of an object that users create in their namespace."""
    return ObjectMeta(name=name, namespace=NAMESPACE)
