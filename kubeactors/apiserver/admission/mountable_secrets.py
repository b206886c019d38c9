"""MountableSecrets: pods of an account with the enforcing annotation may use only the secrets that the account lists.

A part of the ServiceAccount plug-in in Kubernetes.

Source: plugin/pkg/admission/serviceaccount/admission.go, limitSecretReferences (v1.36).
"""

from collections.abc import Iterator
from typing import cast

from kubeactors.api.core.v1 import Container, Pod, PodSpec
from kubeactors.api.core.v1.serviceaccount import MOUNTABLE_ONLY, ServiceAccount
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.scheme import Kind
from kubeactors.apiserver.admission.plugin import CREATE, UPDATE, Attributes, Lookup, Plugin, refused
from kubeactors.apiserver.admission.service_account import MIRROR, SERVICE_ACCOUNTS
from kubeactors.apiserver.objects import PODS

_TRUE = ("1", "t", "T", "TRUE", "true", "True")
"""What Go's strconv.ParseBool accepts as true."""
_EPHEMERAL = "ephemeralcontainers"


class MountableSecrets(Plugin):
    """Rejects pods that use secrets that their account does not list."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup

    def concerns(self, kind: Kind[TypedObject], subresource: str, operation: str) -> bool:
        """Creation of pods and of ephemeral containers."""
        return kind.gvr == PODS and (operation, subresource) in {(CREATE, ""), (UPDATE, _EPHEMERAL)}

    def validate(self, value: TypedObject | None, attributes: Attributes) -> None:
        """Check every reference to a secret; the first violation is reported."""
        pod = cast("Pod", value)
        if MIRROR in pod.metadata.annotations:
            return
        found = self._lookup.get(SERVICE_ACCOUNTS, attributes.namespace, pod.spec.service_account_name)
        account = cast("ServiceAccount | None", found)
        if account is None or account.metadata.annotations.get(MOUNTABLE_ONLY) not in _TRUE:
            return
        only_new = attributes.subresource == _EPHEMERAL
        for why in _foreign(pod.spec, account, only_new=only_new):
            raise refused(pod, attributes, why)


def _foreign(spec: PodSpec, account: ServiceAccount, *, only_new: bool) -> Iterator[str]:
    """References to secrets that the account does not list; `only_new`: those of ephemeral containers alone."""
    name, known = account.metadata.name, [one.name for one in account.secrets]
    not_known = f"is not allowed because service account {name} does not reference that"
    if only_new:
        yield from _of_variables("ephemeral container", spec.ephemeral_containers, known, not_known)
        return
    for volume in spec.volumes:
        if volume.secret is not None and volume.secret.secret_name not in known:
            yield f'volume with secret.secretName="{volume.secret.secret_name}" {not_known} secret'
    yield from _of_variables("init container", spec.init_containers, known, not_known)
    yield from _of_variables("container", spec.containers, known, not_known)
    pulled = [one.name for one in account.image_pull_secrets]
    for i, one in enumerate(spec.image_pull_secrets):
        if one.name not in pulled:
            yield f'imagePullSecrets[{i}].name="{one.name}" {not_known} imagePullSecret'


def _of_variables(what: str, containers: tuple[Container, ...], known: list[str], not_known: str) -> Iterator[str]:
    for container in containers:
        for variable in container.env:
            key = variable.value_from.secret_key_ref if variable.value_from else None
            if key is not None and key.name not in known:
                which = f"{what} {container.name} with envVar {variable.name}"
                yield f'{which} referencing secret.secretName="{key.name}" {not_known} secret'
        for source in container.env_from:
            every = source.secret_ref
            if every is not None and every.name not in known:
                which = f"{what} {container.name} with envFrom"
                yield f'{which} referencing secret.secretName="{every.name}" {not_known} secret'
