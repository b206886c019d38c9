"""Validation of environment variables."""

from collections.abc import Iterator

from kubeactors.api.core.v1.env import (
    ConfigMapKeySelector,
    EnvFromSource,
    EnvVar,
    EnvVarSource,
    FileKeySelector,
    SecretKeySelector,
)
from kubeactors.api.core.v1.validation.common import messages, needed
from kubeactors.api.core.v1.validation.context import PodContext
from kubeactors.api.core.v1.validation.downward import validate_field_ref, validate_resource_field_ref
from kubeactors.api.core.v1.validation.paths import not_reserved
from kubeactors.apimachinery import names
from kubeactors.apimachinery.field import FieldError, invalid, not_found, required, too_long

_FIELDS = (
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
)
_MAX_FILE_KEY = 128


def validate_env(variables: tuple[EnvVar, ...], context: PodContext, path: str) -> Iterator[FieldError]:
    """Each variable has a name, and a value or one source of it."""
    for i, variable in enumerate(variables):
        if not variable.name:
            yield required(f"{path}[{i}].name")
        elif wrong := names.relaxed_env_var_name(variable.name):
            yield from messages(f"{path}[{i}].name", variable.name, wrong)
        if variable.value_from is not None:
            yield from _source(variable, variable.value_from, context, f"{path}[{i}].valueFrom")


def validate_env_from(sources: tuple[EnvFromSource, ...], path: str) -> Iterator[FieldError]:
    """Each source is one ConfigMap or one Secret. Errors about that name the list, as in Kubernetes."""
    for i, source in enumerate(sources):
        if source.prefix:
            yield from messages(f"{path}[{i}].prefix", source.prefix, names.relaxed_env_var_name(source.prefix))
        if source.config_map_ref is not None:
            yield from _object_name(source.config_map_ref.name, f"{path}[{i}].configMapRef.name")
        if source.secret_ref is not None:
            yield from _object_name(source.secret_ref.name, f"{path}[{i}].secretRef.name")
        if source.config_map_ref is None and source.secret_ref is None:
            yield invalid(path, "", "must specify one of: `configMapRef` or `secretRef`")
        elif source.config_map_ref is not None and source.secret_ref is not None:
            yield invalid(path, "", "may not have more than one field specified at a time")


def _object_name(name: str, path: str) -> Iterator[FieldError]:
    if not name:
        yield required(path)
    else:
        yield from messages(path, name, names.name_is_dns_subdomain(name, True))


def _source(variable: EnvVar, source: EnvVarSource, context: PodContext, path: str) -> Iterator[FieldError]:
    count = 0
    if source.field_ref is not None:
        count += 1
        yield from validate_field_ref(source.field_ref, _FIELDS, f"{path}.fieldRef")
    if source.resource_field_ref is not None:
        count += 1
        yield from validate_resource_field_ref(
            source.resource_field_ref, f"{path}.resourceFieldRef", needs_container=False
        )
    if source.config_map_key_ref is not None:
        count += 1
        yield from _key(source.config_map_key_ref, f"{path}.configMapKeyRef")
    if source.secret_key_ref is not None:
        count += 1
        yield from _key(source.secret_key_ref, f"{path}.secretKeyRef")
    if source.file_key_ref is not None:
        count += 1
        yield from _file_key(source.file_key_ref, context, f"{path}.fileKeyRef")
    if not count:
        choice = "`fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"
        yield invalid(path, "", f"must specify one of: {choice}")
    elif variable.value:
        yield invalid(path, "", "may not be specified when `value` is not empty")
    elif count > 1:
        yield invalid(path, "", "may not have more than one field specified at a time")


def _key(selector: ConfigMapKeySelector | SecretKeySelector, path: str) -> Iterator[FieldError]:
    yield from messages(f"{path}.name", selector.name, names.name_is_dns_subdomain(selector.name))
    if not selector.key:
        yield required(f"{path}.key")
    else:
        yield from messages(f"{path}.key", selector.key, names.config_map_key(selector.key))


def _file_key(selector: FileKeySelector, context: PodContext, path: str) -> Iterator[FieldError]:
    if not selector.key:
        yield required(f"{path}.key")
    else:
        yield from messages(f"{path}.key", selector.key, names.relaxed_env_var_name(selector.key))
        if len(selector.key) > _MAX_FILE_KEY:
            yield too_long(f"{path}.key", _MAX_FILE_KEY)
    yield from _env_volume(selector.volume_name, context, f"{path}.volumeName")
    yield from needed(f"{path}.path", selector.path)
    yield from not_reserved(selector.path, f"{path}.path")


def _env_volume(name: str, context: PodContext, path: str) -> Iterator[FieldError]:
    if not name:
        yield required(path)
        return
    volume = context.volumes.get(name)
    if volume is None:
        yield not_found(path, name)
    elif volume.empty_dir is None:
        yield invalid(path, name, "referenced volume must be of type emptyDir")
