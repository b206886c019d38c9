"""The health checks of a server, named as in kube-apiserver: its store, its cache, and each step of its start.

kube-apiserver starts many parts concurrently, each by a post-start hook. Here one actor starts in steps; a hook is done
when the step that does its work is. Hooks that have no counterpart are done when requests are served.

Source: apiserver/pkg/server/{hooks,healthz}.go, pkg/controlplane/{instance,apiserver/server}.go (v1.36).
"""

from collections.abc import Awaitable, Callable, Mapping
from enum import Enum
from typing import Protocol, TypeVar

from kubeactors.actor import ActorError
from kubeactors.message import Message, Request

R = TypeVar("R")

STORE_SECONDS = 2.0
"""The store's time limit. Source: apiserver/pkg/storage/storagebackend/config.go, DefaultHealthcheckTimeout."""


class Step(Enum):
    """The steps of the start, in order."""

    CACHE = "the cache is primed"
    FIRST_OBJECTS = "namespaces, priority classes and the service kubernetes are there"
    ROLES = "default roles are there"
    DESCRIPTION = "what is served is told in objects"
    DEFINITIONS = "custom kinds are served"
    SERVING = "requests are answered"


class ServerCheck(Message, frozen=True, kw_only=True):
    """The health of a server. `store`: the error of its store, or empty. `steps`: the number of completed steps."""

    store: str
    is_current: bool
    """Whether the cache follows the store."""
    steps: int


class CheckServer(Request[ServerCheck], frozen=True):
    """Ask for the health of the server."""


_HOOKS = {
    "aggregator-reload-proxy-client-cert": Step.SERVING,
    "apiservice-discovery-controller": Step.DEFINITIONS,
    "apiservice-openapi-controller": Step.DEFINITIONS,
    "apiservice-openapiv3-controller": Step.DEFINITIONS,
    "apiservice-registration-controller": Step.DESCRIPTION,
    "apiservice-status-local-available-controller": Step.DESCRIPTION,
    "apiservice-status-remote-available-controller": Step.SERVING,
    "apiservice-wait-for-first-sync": Step.CACHE,
    "bootstrap-controller": Step.FIRST_OBJECTS,
    "crd-informer-synced": Step.CACHE,
    "generic-apiserver-start-informers": Step.CACHE,
    "kube-apiserver-autoregistration": Step.DESCRIPTION,
    "peer-endpoint-reconciler-controller": Step.SERVING,
    "priority-and-fairness-config-consumer": Step.SERVING,
    "priority-and-fairness-config-producer": Step.DESCRIPTION,
    "priority-and-fairness-filter": Step.SERVING,
    "rbac/bootstrap-roles": Step.ROLES,
    "scheduling/bootstrap-system-priority-classes": Step.FIRST_OBJECTS,
    "start-apiextensions-controllers": Step.DEFINITIONS,
    "start-apiextensions-informers": Step.CACHE,
    "start-apiserver-admission-initializer": Step.CACHE,
    "start-cluster-authentication-info-controller": Step.SERVING,
    "start-kube-aggregator-informers": Step.CACHE,
    "start-kube-apiserver-identity-lease-controller": Step.SERVING,
    "start-kube-apiserver-identity-lease-garbage-collector": Step.SERVING,
    "start-kubernetes-service-cidr-controller": Step.DESCRIPTION,
    "start-legacy-token-tracking-controller": Step.SERVING,
    "start-service-ip-repair-controllers": Step.SERVING,
    "start-system-namespaces-controller": Step.FIRST_OBJECTS,
    "storage-object-count-tracker-hook": Step.SERVING,
    "storage-readiness": Step.CACHE,
}
_STEPS = {f"poststarthook/{name}": step for name, step in _HOOKS.items()} | {
    "autoregister-completion": Step.DESCRIPTION
}

HEALTHZ = ("ping", "log", "etcd", "loopback-serving-certificate", *_STEPS)
"""The checks of `/healthz` and `/livez`. log and loopback-serving-certificate cannot fail: the process does not write
its own logs, and does not use TLS to reach itself."""
READYZ = ("ping", "log", "etcd", "etcd-readiness", "informer-sync", *_STEPS, "shutdown")
"""The checks of `/readyz`."""


def problems(check: ServerCheck | None) -> dict[str, str]:
    """The failures by name of the check; None: the server does not answer.

    >>> problems(ServerCheck(store="", is_current=True, steps=len(Step)))
    {}
    >>> problems(ServerCheck(store="", is_current=False, steps=5))["poststarthook/priority-and-fairness-filter"]
    'not finished'
    """
    found: dict[str, str] = {}
    store = "the server does not answer" if check is None else check.store
    if store:
        found["etcd"] = found["etcd-readiness"] = store
    if check is None or not check.is_current:
        found["informer-sync"] = "1 informers not started yet: the cache does not follow the store"
    over = [] if check is None else [*Step][: check.steps]
    return found | {name: "not finished" for name, step in _STEPS.items() if step not in over}


class _Server(Protocol):
    def ask(self, request: Request[R], *, timeout_seconds: float = ...) -> Awaitable[R]: ...


def looking_at(server: _Server) -> Callable[[], Awaitable[Mapping[str, str]]]:
    """A function that checks a server: the failures by name of the check."""

    async def look() -> Mapping[str, str]:
        try:
            return problems(await server.ask(CheckServer(), timeout_seconds=STORE_SECONDS * 2))
        except ActorError:
            return problems(None)

    return look
