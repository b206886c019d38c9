"""Fields of features that are off by default: they are dropped, unless the stored object has them already.

Source: DropDisabledPodFields, DropDisabledTemplateFields in pkg/api/pod/util.go (v1.36), for the feature gates
ContainerStopSignals, ClusterTrustBundleProjection, PodCertificateRequest and GenericWorkload.
"""

from collections.abc import Iterator

from msgspec.structs import replace

from kubeactors.api.core.v1.container import Container
from kubeactors.api.core.v1.pod import PodTemplateSpec
from kubeactors.api.core.v1.podspec import PodSpec
from kubeactors.api.core.v1.probe import Lifecycle
from kubeactors.api.core.v1.volume import ProjectedVolumeSource, Volume, VolumeProjection

_NO_LIFECYCLE = Lifecycle()


def without_disabled_fields(spec: PodSpec, old: PodSpec | None) -> PodSpec:
    """The spec without fields of disabled features that the old one does not use; the same object if it has none."""
    if spec is old:
        return spec
    if spec.scheduling_group is not None and (old is None or old.scheduling_group is None):
        spec = replace(spec, scheduling_group=None)
    if any(_stop_signals(spec)) and not (old is not None and any(_stop_signals(old))):
        spec = replace(
            spec,
            containers=tuple(map(_without_stop_signal, spec.containers)),
            init_containers=tuple(map(_without_stop_signal, spec.init_containers)),
        )
    keeps_bundles = old is not None and any(one.cluster_trust_bundle for one in _projections(old))
    keeps_certificates = old is not None and any(one.pod_certificate for one in _projections(old))
    if any(
        (one.cluster_trust_bundle and not keeps_bundles) or (one.pod_certificate and not keeps_certificates)
        for one in _projections(spec)
    ):
        volumes = (
            _without(one, bundles=not keeps_bundles, certificates=not keeps_certificates) for one in spec.volumes
        )
        spec = replace(spec, volumes=tuple(volumes))
    return spec


def without_disabled_template_fields(template: PodTemplateSpec, old: PodTemplateSpec | None) -> PodTemplateSpec:
    """The same for a pod template."""
    spec = without_disabled_fields(template.spec, None if old is None else old.spec)
    return template if spec is template.spec else replace(template, spec=spec)


def _stop_signals(spec: PodSpec) -> Iterator[str]:
    for container in (*spec.containers, *spec.init_containers):
        if container.lifecycle is not None and container.lifecycle.stop_signal is not None:
            yield container.lifecycle.stop_signal


def _without_stop_signal(container: Container) -> Container:
    if container.lifecycle is None or container.lifecycle.stop_signal is None:
        return container
    lifecycle = replace(container.lifecycle, stop_signal=None)
    return replace(container, lifecycle=None if lifecycle == _NO_LIFECYCLE else lifecycle)


def _projections(spec: PodSpec) -> Iterator[VolumeProjection]:
    for volume in spec.volumes:
        if volume.projected is not None:
            yield from volume.projected.sources or ()


def _without(volume: Volume, *, bundles: bool, certificates: bool) -> Volume:
    """The volume without these projections. A source that has no other field becomes empty."""
    projected: ProjectedVolumeSource | None = volume.projected
    if projected is None or projected.sources is None:
        return volume
    sources = (
        replace(
            one,
            cluster_trust_bundle=None if bundles else one.cluster_trust_bundle,
            pod_certificate=None if certificates else one.pod_certificate,
        )
        for one in projected.sources
    )
    return replace(volume, projected=replace(projected, sources=tuple(sources)))
