"""Validation of Secret, ConfigMap, downward API and projected volumes."""

from collections.abc import Iterator

from kubeactors.api.core.v1.validation.common import file_mode, needed
from kubeactors.api.core.v1.validation.downward import validate_field_ref, validate_resource_field_ref
from kubeactors.api.core.v1.validation.paths import not_reserved
from kubeactors.api.core.v1.volume import (
    ClusterTrustBundleProjection,
    ConfigMapVolumeSource,
    DownwardAPIVolumeFile,
    DownwardAPIVolumeSource,
    KeyToPath,
    PodCertificateProjection,
    ProjectedVolumeSource,
    SecretVolumeSource,
    ServiceAccountTokenProjection,
    VolumeProjection,
)
from kubeactors.apimachinery import names
from kubeactors.apimachinery.field import FieldError, forbidden, invalid, not_supported, required
from kubeactors.apimachinery.labels import validate_selector

_FIELDS = ("metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid")
_SHORTEST_TOKEN = 600
_LONGEST_TOKEN = 2**32
_KEY_TYPES = ("ECDSAP256", "ECDSAP384", "ECDSAP521", "ED25519", "RSA3072", "RSA4096")
_CONFLICT = "conflicting duplicate paths"


def secret(source: SecretVolumeSource, path: str) -> Iterator[FieldError]:
    """The name and the items are valid."""
    yield from needed(f"{path}.secretName", source.secret_name)
    yield from file_mode(f"{path}.defaultMode", source.default_mode)
    for i, item in enumerate(source.items):
        yield from _key_to_path(item, f"{path}.items[{i}]")


def config_map(source: ConfigMapVolumeSource, path: str) -> Iterator[FieldError]:
    """The name and the items are valid."""
    yield from needed(f"{path}.name", source.name)
    yield from file_mode(f"{path}.defaultMode", source.default_mode)
    for i, item in enumerate(source.items):
        yield from _key_to_path(item, f"{path}.items[{i}]")


def downward_api(source: DownwardAPIVolumeSource, path: str) -> Iterator[FieldError]:
    """The items are valid. Errors name the volume, not the item, as in Kubernetes."""
    yield from file_mode(f"{path}.defaultMode", source.default_mode)
    for item in source.items:
        yield from _downward_file(item, path)


def projected(source: ProjectedVolumeSource, path: str) -> Iterator[FieldError]:
    """The sources are valid, and their files do not conflict."""
    yield from file_mode(f"{path}.defaultMode", source.default_mode)
    files: dict[str, None] = {}
    for i, projection in enumerate(source.sources or ()):
        yield from _projection(projection, files, path, f"{path}.sources[{i}]")


def _projection(
    projection: VolumeProjection, files: dict[str, None], volume_path: str, path: str
) -> Iterator[FieldError]:
    count = 0
    for name, one in (("secret", projection.secret), ("configMap", projection.config_map)):
        if one is not None:
            count += 1
            yield from needed(f"{path}.{name}.name", one.name)
            for i, item in enumerate(one.items):
                yield from _key_to_path(item, f"{path}.{name}.items[{i}]")
                yield from _taken(item.path, files, one.name, volume_path)
    if projection.downward_api is not None:
        count += 1
        for file in projection.downward_api.items:
            yield from _downward_file(file, f"{path}.downwardAPI")
            yield from _taken(file.path, files, file.path, volume_path)
    if projection.service_account_token is not None:
        count += 1
        yield from _token(projection.service_account_token, volume_path, f"{path}.serviceAccountToken")
    if projection.cluster_trust_bundle is not None:
        count += 1
        bundle = projection.cluster_trust_bundle
        yield from _trust_bundle(bundle, f"{path}.clusterTrustBundle")
        yield from _taken(bundle.path, files, bundle.path, volume_path)
    if projection.pod_certificate is not None:
        count += 1
        yield from _certificate(projection.pod_certificate, files, volume_path, f"{path}.podCertificate")
    if count > 1:
        yield forbidden(path, "may not specify more than 1 volume type per source")


def _taken(file: str, files: dict[str, None], shown: str, path: str) -> Iterator[FieldError]:
    if file and file in files:
        yield invalid(path, shown, _CONFLICT)
    files[file] = None


def _key_to_path(item: KeyToPath, path: str) -> Iterator[FieldError]:
    yield from needed(f"{path}.key", item.key)
    yield from needed(f"{path}.path", item.path)
    yield from not_reserved(item.path, f"{path}.path")
    yield from file_mode(f"{path}.mode", item.mode)


def _downward_file(file: DownwardAPIVolumeFile, path: str) -> Iterator[FieldError]:
    yield from needed(f"{path}.path", file.path)
    yield from not_reserved(file.path, f"{path}.path")
    if file.field_ref is not None:
        yield from validate_field_ref(file.field_ref, _FIELDS, f"{path}.fieldRef")
        if file.resource_field_ref is not None:
            why = "fieldRef and resourceFieldRef can not be specified simultaneously"
            yield invalid(path, "resource", why)
    elif file.resource_field_ref is not None:
        at = f"{path}.resourceFieldRef"
        yield from validate_resource_field_ref(file.resource_field_ref, at, needs_container=True)
    else:
        yield required(path, "one of fieldRef and resourceFieldRef is required")
    yield from file_mode(f"{path}.mode", file.mode)


def _token(token: ServiceAccountTokenProjection, volume_path: str, path: str) -> Iterator[FieldError]:
    seconds = token.expiration_seconds or 0
    if seconds < _SHORTEST_TOKEN:
        yield invalid(f"{path}.expirationSeconds", seconds, "may not specify a duration less than 10 minutes")
    if seconds > _LONGEST_TOKEN:
        yield invalid(f"{path}.expirationSeconds", seconds, "may not specify a duration larger than 2^32 seconds")
    yield from needed(f"{volume_path}.path", token.path)
    yield from not_reserved(token.path, f"{volume_path}.path")


def _trust_bundle(bundle: ClusterTrustBundleProjection, path: str) -> Iterator[FieldError]:
    if bundle.name is not None and bundle.signer_name is not None:
        yield invalid(path, bundle, "only one of name and signerName may be used")
    elif bundle.name is not None:
        yield from needed(f"{path}.name", bundle.name, "must be a valid object name")
        if bundle.label_selector is not None:
            why = "labelSelector must be unset if name is specified"
            yield invalid(f"{path}.labelSelector", bundle.label_selector, why)
    elif bundle.signer_name is not None:
        yield from needed(f"{path}.signerName", bundle.signer_name, "must be a valid signer name")
        yield from _signer_name(bundle.signer_name, f"{path}.signerName")
        yield from validate_selector(bundle.label_selector, f"{path}.labelSelector")
    else:
        yield required(path, "either name or signerName must be specified")
    yield from needed(f"{path}.path", bundle.path)
    yield from not_reserved(bundle.path, f"{path}.path")


def _signer_name(name: str, path: str) -> Iterator[FieldError]:
    domain, slash, rest = name.partition("/")
    if not slash or not rest:
        yield invalid(path, name, "must be a fully qualified domain and path of the form 'example.com/signer-name'")
        return
    for message in names.dns1123_subdomain(domain):
        yield invalid(path, name, f'validating label "{domain}": {message}')


def _certificate(
    certificate: PodCertificateProjection, files: dict[str, None], volume_path: str, path: str
) -> Iterator[FieldError]:
    yield from _signer_name(certificate.signer_name, f"{path}.signerName")
    if certificate.key_type not in _KEY_TYPES:
        yield not_supported(f"{path}.keyType", certificate.key_type, _KEY_TYPES)
    found = {
        "credentialBundlePath": certificate.credential_bundle_path,
        "keyPath": certificate.key_path,
        "certificateChainPath": certificate.certificate_chain_path,
    }
    if not any(found.values()):
        yield required(path, "specify at least one of credentialBundlePath, keyPath, and certificateChainPath")
    for name, file in found.items():
        if file:
            yield from not_reserved(file, f"{path}.{name}")
            yield from _taken(file, files, file, volume_path)
