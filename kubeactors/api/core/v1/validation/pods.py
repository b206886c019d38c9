"""Validation of pods, pod templates and bindings.

Rules of metadata hold for all kinds and are checked elsewhere.

Source: ValidatePodCreate, ValidatePodTemplateSpec, ValidatePodBinding (v1.36).
"""

from collections.abc import Iterator

from kubeactors.api.core.v1.pod import Binding, Pod, PodTemplate, PodTemplateSpec
from kubeactors.api.core.v1.validation.annotations import validate_pod_annotations, validate_profiles_match
from kubeactors.api.core.v1.validation.containers import validate_image
from kubeactors.api.core.v1.validation.podspec import validate_pod_spec
from kubeactors.apimachinery.field import FieldError, forbidden, not_supported, required
from kubeactors.apimachinery.labels import validate_labels
from kubeactors.apimachinery.objectmeta import validate_annotations


def validate_pod(pod: Pod) -> Iterator[FieldError]:
    """A new pod."""
    yield from validate_pod_object(pod)
    spec = pod.spec
    if spec.ephemeral_containers:
        yield forbidden("spec.ephemeralContainers", "cannot be set on create")
    if spec.node_name and spec.scheduling_gates:
        yield forbidden("spec.nodeName", "cannot be set until all schedulingGates have been cleared")
    if pod.metadata.annotations:
        yield from validate_profiles_match(pod.metadata.annotations, spec, "spec")


def validate_pod_object(pod: Pod) -> Iterator[FieldError]:
    """The rules for new and existing pods."""
    spec = pod.spec
    if pod.metadata.annotations:
        yield from validate_pod_annotations(pod.metadata.annotations, spec, "metadata.annotations")
    yield from validate_pod_spec(spec, "spec", pod_name=pod.metadata.name, is_pod=True)
    if not spec.service_account_name:
        yield from _tokens_need_an_account(pod)
    for field, containers in (("containers", spec.containers), ("initContainers", spec.init_containers)):
        for i, container in enumerate(containers):
            yield from validate_image(container, f"spec.{field}[{i}]")


def _tokens_need_an_account(pod: Pod) -> Iterator[FieldError]:
    for i, volume in enumerate(pod.spec.volumes):
        if volume.projected is None:
            continue
        for j, source in enumerate(volume.projected.sources or ()):
            if source.service_account_token is not None:
                path = f"spec.volumes[{i}].projected.sources[{j}].serviceAccountToken"
                yield forbidden(path, "must not be specified when serviceAccountName is not set")


def validate_pod_template_spec(template: PodTemplateSpec, path: str) -> Iterator[FieldError]:
    """The rules for a pod template."""
    meta, spec = template.metadata, template.spec
    yield from validate_labels(meta.labels, f"{path}.labels")
    if meta.annotations:
        yield from validate_annotations(meta.annotations, f"{path}.annotations")
        yield from validate_pod_annotations(meta.annotations, spec, f"{path}.annotations")
    yield from validate_pod_spec(spec, f"{path}.spec")
    if meta.annotations:
        yield from validate_profiles_match(meta.annotations, spec, f"{path}.spec")
    if spec.ephemeral_containers:
        yield forbidden(f"{path}.spec.ephemeralContainers", "ephemeral containers not allowed in pod template")


def validate_pod_template(template: PodTemplate) -> Iterator[FieldError]:
    """The rules for a PodTemplate."""
    yield from validate_pod_template_spec(template.template, "template")


def validate_pod_template_update(new: PodTemplate, _old: PodTemplate) -> Iterator[FieldError]:
    """Everything is mutable."""
    yield from validate_pod_template(new)


def validate_binding(binding: Binding) -> Iterator[FieldError]:
    """The target is a node with a name."""
    target = binding.target
    if target.kind not in {"", "Node"}:
        yield not_supported("target.kind", target.kind, ("Node", "<empty>"))
    if not target.name:
        yield required("target.name")
