"""The HTTPS edge of the API server: bytes to the Structs of `apimachinery/requests.py`, and replies to bytes.

Who sends to it: kubectl and every other client over HTTPS. What it sends: requests to the API server's actor, by its
ref, as any component in the process does. It decides nothing about objects.

    app.py              the ASGI application            serving.py          sockets, TLS, uvicorn
    resources.py        requests for API objects        documents.py        all other requests
    routes.py           which paths and verbs exist     paths.py            from a path to a resource
    query.py            query parameters, as Go's       options.py          options and their validation
    bodies.py           objects from JSON and YAML      responses.py        bytes, warnings, compression
    negotiation.py      Accept and Content-Type         representations.py  objects, Tables, metadata only
    watching.py         a watch as a stream of lines    authentication.py   certificates, tokens
    discovery.py        groups, versions, resources     openapi/            definitions and operations
    health.py           healthz, livez, readyz          server_ref.py       asking the API server's actor
    protobuf/           objects of typed clients        pod_streams.py      logs, exec, attach, port-forward
    remote_command.py   exec and attach                 port_forward.py     port-forward over SPDY
    channels.py         the channels of exec            port_channels.py    port-forward over WebSocket
    forwarding.py       one connection to a port        duplex.py           the connections under all of these
    usage.py            metrics.k8s.io                  node_proxy.py       the stats summary of a node
    spdy.py             SPDY/3.1, bytes to events       upgrade.py          connections upgraded to it
    encodings.py        a cache of encoded objects      request_metrics.py  counts and durations of requests
    exchange.py         a request and its response      metrics.py          `/metrics`
    pod_proxy.py        the proxy to pods and Services  openid.py           OpenID Connect discovery
    messages.py         HTTP requests and responses     access.py           the access that a request needs
    audit.py            events of the audit log
    impersonation.py    acting as another user          subresources.py     kinds and verbs of subresources
    collectors.py       Prometheus collectors           zpages.py           `/statusz` and `/flagz`
    type_hints.py       types of fields, for openapi/ and protobuf/
    simulated_server.py what simulated containers answer to HTTP requests

Behaviour follows apiserver/pkg/endpoints and apiserver/pkg/server of Kubernetes v1.36. Protobuf is read, but not written.
"""

from kubeactors.apiserver.http.app import ApiApp, HttpSettings
from kubeactors.apiserver.http.audit import AuditSettings
from kubeactors.apiserver.http.authentication import StaticTokens, TokenAuthenticator
from kubeactors.apiserver.http.health import Health, Look
from kubeactors.apiserver.http.pod_streams import PodAccess
from kubeactors.apiserver.http.serving import AddressInUse, Listening, Tls, serve

__all__ = [
    "AddressInUse",
    "ApiApp",
    "AuditSettings",
    "Health",
    "HttpSettings",
    "Listening",
    "Look",
    "PodAccess",
    "StaticTokens",
    "Tls",
    "TokenAuthenticator",
    "serve",
]
