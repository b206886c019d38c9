"""The actor that calls scheduler extenders over HTTP."""

import ssl
import tempfile
from pathlib import Path
from typing import cast

import httpx2

from kubeactors.actor import Actor, AskError, Ref, handle
from kubeactors.apimachinery.time import parse_go_duration
from kubeactors.scheduler.extender import Call, CallExtender, ExtenderConfig, ExtenderReply, ExtenderTLS

PATIENCE_SECONDS = 3600.0
"""Longer than the timeout of any extender, which applies first."""


class ExtenderCalls(Actor[CallExtender], reentrant=True):
    """Calls extenders, concurrently.

    Each call has a connection of its own, so that none is left open when the actor stops.
    """

    def __init__(self) -> None:
        self._known: dict[ExtenderConfig, ssl.SSLContext] = {}

    @handle
    async def call(self, message: CallExtender) -> ExtenderReply:
        """Post; returns the reply, or Go's error message."""
        config = message.extender
        headers = {"Content-Type": "application/json"}
        name = config.tls_config.server_name if config.tls_config else ""
        names = {"sni_hostname": name} if name else None
        try:
            async with self._client(config) as client:
                response = await client.post(message.url, content=message.body, headers=headers, extensions=names)
        except (httpx2.HTTPError, OSError) as error:
            return ExtenderReply(error=f'Post "{message.url}": {_said(error, httpx2.URL(message.url))}')
        return ExtenderReply(response.status_code, response.content)

    def _client(self, config: ExtenderConfig) -> httpx2.AsyncClient:
        known = self._known.get(config)
        if known is None:
            known = self._known[config] = verification(config)
        timeout = parse_go_duration(config.http_timeout) or None
        # Proxies in the environment of this process do not apply to extenders.
        return httpx2.AsyncClient(verify=known, timeout=timeout, trust_env=False)


def asking(calls: Ref[CallExtender]) -> Call:
    """Calls through the actor; if it has stopped, the extender does not answer."""

    async def call(request: CallExtender) -> ExtenderReply:
        try:
            return await calls.ask(request, timeout_seconds=PATIENCE_SECONDS)
        except AskError as error:
            return ExtenderReply(error=str(error))

    return call


def _said(error: Exception, url: httpx2.URL) -> str:
    if isinstance(error, httpx2.TimeoutException):
        return "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
    if isinstance(error, httpx2.RemoteProtocolError | httpx2.ReadError):
        return "EOF"
    root = _root(error)
    if isinstance(root, ConnectionRefusedError):
        port = url.port or (443 if url.scheme == "https" else 80)
        return f"dial tcp {url.host}:{port}: connect: connection refused"
    return str(root) or type(root).__name__


def _root(error: BaseException) -> BaseException:
    """The original exception; of a group, that of its first member."""
    if isinstance(error, BaseExceptionGroup):
        return _root(cast("BaseExceptionGroup[BaseException]", error).exceptions[0])
    before = error.__cause__ or error.__context__
    return error if before is None else _root(before)


def verification(config: ExtenderConfig) -> ssl.SSLContext:
    """The TLS verification of an extender: by its configured CA, or by the system's trust roots.

    There is none if `insecure` is set, or with `enableHTTPS` and without a CA.

    Source: pkg/scheduler/extender.go, makeTransport (v1.36).
    """
    tls = config.tls_config or ExtenderTLS()
    has_authority = bool(tls.ca_file or tls.ca_data)
    context = ssl.create_default_context(cafile=tls.ca_file or None, cadata=tls.ca_data.decode() or None)
    if tls.insecure or (config.enable_https and not has_authority):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if tls.cert_file:
        context.load_cert_chain(tls.cert_file, tls.key_file)
    elif tls.cert_data:
        with tempfile.TemporaryDirectory(prefix="kubeactors-") as directory:  # ssl loads certificates from files only
            path = Path(directory, "pair.pem")
            path.touch(mode=0o600)
            path.write_bytes(tls.cert_data + b"\n" + tls.key_data)
            context.load_cert_chain(path)
    return context
