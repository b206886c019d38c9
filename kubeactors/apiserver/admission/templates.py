"""Admission of pods that share a spec: once per spec."""

from typing import cast

from msgspec.structs import replace

from kubeactors.api.core.v1 import Pod
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.scheme import Kind
from kubeactors.apiserver.admission.plugin import CREATE, Attributes, Plugin
from kubeactors.apiserver.admission.pods import DefaultTolerationSeconds, Priority
from kubeactors.apiserver.admission.service_account import MIRROR, ServiceAccountTokens
from kubeactors.apiserver.objects import PODS
from kubeactors.apiserver.registry.templates import Templates


class SharedSpecs(Plugin):
    """Runs the plug-ins that depend on a pod's spec, service account and priority class alone, once per spec.

    So pods of one template share the name of the token volume; in Kubernetes each has its own.
    """

    def __init__(
        self,
        templates: Templates,
        accounts: ServiceAccountTokens,
        priority: Priority,
        tolerations: DefaultTolerationSeconds,
    ) -> None:
        self._templates = templates
        self._accounts = accounts
        self._priority = priority
        self._plugins: tuple[Plugin, ...] = (accounts, priority, tolerations)

    def concerns(self, kind: Kind[TypedObject], subresource: str, operation: str) -> bool:
        """Creation of pods."""
        return kind.gvr == PODS and not subresource and operation == CREATE

    def admit(self, value: TypedObject, attributes: Attributes) -> TypedObject:
        """The pod after these plug-ins."""
        pod = cast("Pod", value)
        made = None if MIRROR in pod.metadata.annotations else self._templates.of(pod)
        if made is None or (made.defaulted is not pod.spec and made.admitted is not pod.spec):
            return self._admitted(pod, attributes)
        account = self._accounts.account_of(pod, attributes)
        priority = self._priority.class_of(pod, attributes)
        if made.account is not account or made.priority_class is not priority or made.admitted is None:
            made.admitted = self._admitted(replace(pod, spec=made.defaulted), attributes).spec
            made.account, made.priority_class = account, priority
            made.valid = False
            made.qos_class = ""
        return replace(pod, spec=made.admitted)

    def _admitted(self, pod: Pod, attributes: Attributes) -> Pod:
        value: TypedObject = pod
        for plugin in self._plugins:
            value = plugin.admit(value, attributes)
        return cast("Pod", value)
