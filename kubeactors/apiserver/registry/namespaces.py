"""Namespaces: they terminate, and are deleted once the namespace controller has emptied them.

Source: pkg/registry/core/namespace/strategy.go, storage/storage.go (v1.36).
"""

from collections.abc import Iterator

from msgspec.structs import replace

from kubeactors.api.core.v1.namespace import ACTIVE, KUBERNETES_FINALIZER, TERMINATING, Namespace, NamespaceStatus
from kubeactors.apimachinery.field import FieldError
from kubeactors.apimachinery.meta import DeleteOptions
from kubeactors.apimachinery.time import format_time
from kubeactors.apiserver.objects import with_metadata
from kubeactors.apiserver.registry.deletion import Deletion, check_preconditions, with_finalizers
from kubeactors.apiserver.registry.strategy import WithStatus

NAME_LABEL = "kubernetes.io/metadata.name"
FINALIZE = "finalize"


class NamespaceStrategy(WithStatus[Namespace]):
    """The strategy of namespaces."""

    counts_generations = False

    def prepare_for_create(self, new: Namespace) -> Namespace:
        """Active, with the finalizer `kubernetes` and a label of its name."""
        finalizers = new.spec.finalizers
        if KUBERNETES_FINALIZER not in finalizers:
            finalizers = (*finalizers, KUBERNETES_FINALIZER)
        new = replace(new, status=NamespaceStatus(phase=ACTIVE), spec=replace(new.spec, finalizers=finalizers))
        return _with_name_label(new)

    def prepare_for_update(self, new: Namespace, old: Namespace) -> Namespace:
        """Keep the status and the spec's finalizers."""
        return _with_name_label(replace(new, spec=old.spec, status=old.status))

    def prepare(self, new: Namespace, old: Namespace, subresource: str) -> Namespace:
        """`finalize` changes the spec's finalizers alone."""
        if subresource == FINALIZE:
            return replace(new, status=old.status)
        return super().prepare(new, old, subresource)

    def check(self, new: Namespace, old: Namespace, subresource: str) -> Iterator[FieldError]:
        """Validate the finalizers."""
        if subresource == FINALIZE:
            return self.kind.validate(new)
        return super().check(new, old, subresource)

    def plan_deletion(self, value: Namespace, options: DeleteOptions) -> Deletion:
        """Terminating first; deleted when no finalizers are left."""
        check_preconditions(value, options)
        if value.metadata.deletion_timestamp is not None:
            if value.spec.finalizers:
                return Deletion(now=False, pending=True)
            return super().plan_deletion(value, options)
        metadata = replace(value.metadata, deletion_timestamp=format_time(self.environment.wall))
        metadata = with_finalizers(metadata, options, orphans=False)
        terminating = replace(with_metadata(value, metadata), status=replace(value.status, phase=TERMINATING))
        return Deletion(now=False, update=terminating)

    def may_finish(self, new: Namespace) -> bool:
        """Whether the spec has no finalizers left."""
        return not new.spec.finalizers


def _with_name_label(value: Namespace) -> Namespace:
    metadata = value.metadata
    if metadata.labels.get(NAME_LABEL) == metadata.name:
        return value
    return with_metadata(value, replace(metadata, labels={**metadata.labels, NAME_LABEL: metadata.name}))
