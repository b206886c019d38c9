"""The API server, the only access to the state of the cluster: authenticate, authorize, mutate, validate, store.

    server.py       the actor                                dispatch.py       from request to handler to reply
    parts.py        its parts, created and wired             authorization.py  the authorizer's interface; rbac/ is one
    reading.py      get and list                             writing.py        create, update, patch, delete
    versioned_reading.py  reads in the requested version
    watching.py     the start of a watch                     streams.py        its life and end
    watchers.py     watchers and their pending events        freshness.py      reads that wait for the cache
    cacher.py       the watch cache                          selection.py      scopes and selectors
    store_feed.py   what feeds the cache                     history.py        recent changes of a resource
    collection.py   the objects of a resource                changes.py        a change, as a watcher sees it
    registry/       strategies, and writes to the store      admission/        admission plug-ins
    bootstrap.py    objects that every cluster has           codec.py, keys.py objects in the store
    service_repair.py  repair of address and port allocations
    health.py       health checks                            pages.py          continue tokens
    field_manager.py  managed fields, server-side apply      status_memo.py    the same, memoized for pod statuses
    serving.py      the resources and plug-ins served        selfdescription.py  objects that describe the server
    config.py       settings                                 tokens.py         service account tokens
    messages.py     messages to itself                       objects.py        changed copies of objects
    audit/            the audit log
    customresources/  kinds that are added and removed
    http/           the HTTPS edge

Who sends to it: `client/` in this process, and `http/` for all others: the requests of `apimachinery/requests.py`.
What it sends: replies, `WatchEvents` and `WatchClosed` to subscribers, requests to `storage/`. It is the only room that
talks to the store.
Where its behaviour comes from: k8s.io/apiserver and pkg/registry, plugin/pkg/admission of Kubernetes v1.36.
"""

from kubeactors.apiserver.authorization import Access, Authorizer
from kubeactors.apiserver.codec import ObjectCodec
from kubeactors.apiserver.config import ApiServerConfig
from kubeactors.apiserver.messages import ApiMessage, IsReady
from kubeactors.apiserver.registry.tokens import Claims, TokenIssuer
from kubeactors.apiserver.server import ApiServer

__all__ = [
    "Access",
    "ApiMessage",
    "ApiServer",
    "ApiServerConfig",
    "Authorizer",
    "Claims",
    "IsReady",
    "ObjectCodec",
    "TokenIssuer",
]
