"""The environment variables of a container. Pure.

Source: pkg/kubelet/kubelet_pods.go makeEnvironmentVariables, third_party/forked/golang/expansion (v1.36).
"""

import re
from collections.abc import Mapping

from kubeactors.api.core.v1 import Container
from kubeactors.api.core.v1.env import EnvFromSource, EnvVarSource
from kubeactors.kubelet.fields import PodFacts, field_of, resource_of
from kubeactors.kubelet.materials import MaterialMissing, Materials, keys_of_config_map, keys_of_secret
from kubeactors.kubelet.service_links import service_links

_reference = re.compile(r"\$(?:\$|\(([^)]*)\))")


def environment(container: Container, facts: PodFacts, materials: Materials) -> dict[str, str]:
    """The variables by name, in the order in which they are set; those of Services last.

    Raises:
        MaterialMissing: a ConfigMap or Secret, or a key of it, does not exist and is not optional.
    """
    found: dict[str, str] = {}
    links = service_links(materials.services or (), facts.pod)
    for source in container.env_from:
        found |= {source.prefix + key: value.decode(errors="replace") for key, value in _all(source, materials).items()}
    for variable in container.env:
        if variable.value_from is None:
            found[variable.name] = expand(variable.value, links | found)
        elif (value := _value(variable.value_from, container, facts, materials)) is not None:
            found[variable.name] = value
    return found | {name: value for name, value in links.items() if name not in found}


def expand(text: str, variables: Mapping[str, str]) -> str:
    """Expand `$(NAME)`; `$$` is a dollar sign, and unknown names are left as they are.

    >>> expand("$(A)-$(B)-$$(A)", {"A": "1"})
    '1-$(B)-$(A)'
    """

    def replaced(found: re.Match[str]) -> str:
        name = found[1]
        return "$" if name is None else variables.get(name, found[0])

    return _reference.sub(replaced, text)


def _all(source: EnvFromSource, materials: Materials) -> Mapping[str, bytes]:
    if source.config_map_ref is not None:
        ref = source.config_map_ref
        return keys_of_config_map(materials, ref.name, optional=ref.optional) or {}
    if source.secret_ref is not None:
        return keys_of_secret(materials, source.secret_ref.name, optional=source.secret_ref.optional) or {}
    return {}


def _value(source: EnvVarSource, container: Container, facts: PodFacts, materials: Materials) -> str | None:
    namespace = facts.pod.metadata.namespace
    if source.field_ref is not None:
        return field_of(source.field_ref.field_path, facts)
    if source.resource_field_ref is not None:
        return resource_of(source.resource_field_ref, container, facts)
    if (key := source.config_map_key_ref) is not None:
        entries = keys_of_config_map(materials, key.name, optional=key.optional)
        return _entry(entries, key.key, f"ConfigMap {namespace}/{key.name}", optional=key.optional)
    if (secret := source.secret_key_ref) is not None:
        entries = keys_of_secret(materials, secret.name, optional=secret.optional)
        return _entry(entries, secret.key, f"Secret {namespace}/{secret.name}", optional=secret.optional)
    return None


def _entry(entries: Mapping[str, bytes] | None, key: str, where: str, *, optional: bool | None) -> str | None:
    if entries is not None and key in entries:
        return entries[key].decode(errors="replace")
    if optional:
        return None
    raise MaterialMissing(f"couldn't find key {key} in {where}")
