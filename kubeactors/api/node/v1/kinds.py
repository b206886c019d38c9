"""The kind of runtime classes."""

from kubeactors.api.node.v1 import runtimeclass
from kubeactors.api.node.v1.runtimeclass import RuntimeClass
from kubeactors.apimachinery.scheme import Kind

GROUP = "node.k8s.io"

KINDS = (
    Kind(
        type=RuntimeClass,
        group=GROUP,
        kind="RuntimeClass",
        resource="runtimeclasses",
        singular="runtimeclass",
        namespaced=False,
        validate=runtimeclass.validate_runtime_class,
        validate_update=runtimeclass.validate_runtime_class_update,
        warn=runtimeclass.warn_of_runtime_class,
    ),
)
