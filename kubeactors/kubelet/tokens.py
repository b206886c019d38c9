"""The service account tokens in the volumes of pods: requested, cached and refreshed in time.

Source: pkg/kubelet/token/token_manager.go, pkg/volume/projected/projected.go (v1.36).
"""

from collections.abc import Iterable, Iterator, Mapping
from random import Random
from typing import cast

import msgspec

from kubeactors.api.authentication.v1 import BoundObjectReference, TokenRequest, TokenRequestSpec
from kubeactors.api.core.v1 import Pod, ServiceAccount
from kubeactors.api.core.v1.volume import ServiceAccountTokenProjection
from kubeactors.apimachinery.status import StatusError
from kubeactors.apimachinery.time import parse_time
from kubeactors.client import Client

SECOND = 1_000_000_000
LONGEST = 24 * 3600 * SECOND
"""The maximum age of a token before it is refreshed."""
JITTER_SECONDS = 10.0
"""The maximum jitter of a refresh, so that not all happen at once."""


class TokenTerms(msgspec.Struct, frozen=True):
    """The audience of a token, by default the API server, and its lifetime in seconds, if it is specified."""

    audience: str = ""
    expiration_seconds: int | None = None


class AccountToken(msgspec.Struct, frozen=True):
    """A token. Times are Unix nanoseconds."""

    text: str
    renew_at: int
    expires_at: int


class PodTokens(msgspec.Struct, frozen=True):
    """The tokens of a pod, and the errors of those that could not be obtained."""

    found: Mapping[TokenTerms, AccountToken] = {}
    failures: Mapping[TokenTerms, str] = {}

    @property
    def renew_at(self) -> int | None:
        """When the first token must be refreshed; None if there is none."""
        return min((one.renew_at for one in self.found.values()), default=None)


NO_TOKENS = PodTokens()


def terms_of(source: ServiceAccountTokenProjection) -> TokenTerms:
    """The terms of a volume's token."""
    return TokenTerms(source.audience, source.expiration_seconds)


def token_terms(pod: Pod) -> Iterator[TokenTerms]:
    """The terms of the tokens in a pod's volumes."""
    for volume in pod.spec.volumes:
        for source in (volume.projected.sources or ()) if volume.projected is not None else ():
            if source.service_account_token is not None:
                yield terms_of(source.service_account_token)


def renewal(issued_at: int, expires_at: int) -> int:
    """When a token must be refreshed: when a fifth of its lifetime is left, or after a day.

    >>> renewal(0, 3600 * SECOND) // SECOND, renewal(0, 1_000_000 * SECOND) // SECOND
    (2880, 86400)
    """
    return min(expires_at - (expires_at - issued_at) // 5, issued_at + LONGEST)


class TokenManager:
    """Requests tokens that are bound to pods.

    Args:
        client: requests as the node, which may do that for the accounts of its own pods.
        random: the source of jitter.
    """

    __slots__ = ("_client", "_random")

    def __init__(self, client: Client, random: Random) -> None:
        self._client = client
        self._random = random

    async def tokens(self, wanted: Iterable[TokenTerms], pod: Pod, held: PodTokens, now: int) -> PodTokens:
        """The tokens of a pod: those it holds, unless they must be refreshed.

        A token whose refresh fails is kept until it expires.
        """
        found: dict[TokenTerms, AccountToken] = {}
        failures: dict[TokenTerms, str] = {}
        for terms in wanted:
            token = held.found.get(terms)
            if token is None or token.renew_at <= now:
                try:
                    token = await self._request(terms, pod)
                except StatusError as error:
                    if token is None:
                        failures[terms] = f"failed to fetch token: {error}"
                    elif token.expires_at < now:
                        failures[terms] = f"token {_key(pod)} expired and refresh failed: {error}"
            if token is not None and terms not in failures:
                found[terms] = token
        return PodTokens(found, failures)

    async def _request(self, terms: TokenTerms, pod: Pod) -> AccountToken:
        metadata = pod.metadata
        request = TokenRequest(
            spec=TokenRequestSpec(
                audiences=(terms.audience,) if terms.audience else None,
                expiration_seconds=terms.expiration_seconds,
                bound_object_ref=BoundObjectReference(
                    kind="Pod", api_version="v1", name=metadata.name, uid=metadata.uid
                ),
            )
        )
        account = pod.spec.service_account_name
        reply = await self._client.create_subresource(ServiceAccount, account, "token", request, metadata.namespace)
        given = cast("TokenRequest", reply)
        expires_at = parse_time(given.status.expiration_timestamp or "")
        issued_at = expires_at - (given.spec.expiration_seconds or 0) * SECOND
        jitter = int(self._random.random() * JITTER_SECONDS * SECOND)
        return AccountToken(given.status.token, renewal(issued_at, expires_at) - jitter, expires_at)


def _key(pod: Pod) -> str:
    return f'"{pod.spec.service_account_name}"/"{pod.metadata.namespace}"'
