"""Carries the scheduler's questions to extenders over HTTP."""

import ssl
import tempfile
from collections.abc import Iterable
from pathlib import Path

import httpx2

from kubeactors.actor import Actor, AskError, Ref, handle
from kubeactors.apimachinery.time import parse_go_duration
from kubeactors.scheduler.extender import Call, CallExtender, ExtenderConfig, ExtenderReply, ExtenderTLS

PATIENCE_SECONDS = 3600.0
"""Longer than any extender is configured to take, whose own time-out comes first."""


class ExtenderCalls(Actor[CallExtender], reentrant=True):
    """Keeps a connection to each extender. Several questions may be on their way at one time."""

    def __init__(self, extenders: Iterable[ExtenderConfig]) -> None:
        self._configs = {one.url_prefix: one for one in extenders}
        self._clients: dict[str, httpx2.AsyncClient] = {}

    @handle
    async def call(self, message: CallExtender) -> ExtenderReply:
        """Post, and say what came back."""
        url = f"{message.prefix.rstrip('/')}/{message.verb}"
        headers = {"Content-Type": "application/json"}
        try:
            response = await self._client(message.prefix).post(url, content=message.body, headers=headers)
        except (httpx2.HTTPError, OSError) as error:
            return ExtenderReply(error=f'Post "{url}": {str(error) or type(error).__name__}')
        return ExtenderReply(response.status_code, response.content)

    def _client(self, prefix: str) -> httpx2.AsyncClient:
        found = self._clients.get(prefix)
        if found is None:
            config = self._configs[prefix]
            found = self._clients[prefix] = httpx2.AsyncClient(
                verify=verification(config), timeout=parse_go_duration(config.http_timeout) or None
            )
        return found


def asking(calls: Ref[CallExtender]) -> Call:
    """How the scheduler reaches the actor; one that is gone is an extender that does not answer."""

    async def call(request: CallExtender) -> ExtenderReply:
        try:
            return await calls.ask(request, timeout_seconds=PATIENCE_SECONDS)
        except AskError as error:
            return ExtenderReply(error=str(error))

    return call


def verification(config: ExtenderConfig) -> ssl.SSLContext | bool:
    """How the extender is known over HTTPS: by its authority if one is given, else not at all, as in kube-scheduler."""
    tls = config.tls_config or ExtenderTLS()
    if not config.enable_https or tls.insecure or not (tls.ca_file or tls.ca_data):
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    else:
        context = ssl.create_default_context(cafile=tls.ca_file or None, cadata=tls.ca_data.decode() or None)
    if tls.cert_file:
        context.load_cert_chain(tls.cert_file, tls.key_file)
    elif tls.cert_data:
        with tempfile.TemporaryDirectory(prefix="kubeactors-") as directory:  # ssl reads certificates from files only
            path = Path(directory, "pair.pem")
            path.touch(mode=0o600)
            path.write_bytes(tls.cert_data + b"\n" + tls.key_data)
            context.load_cert_chain(path)
    return context
