"""OpenID Connect discovery: tokens can be verified with what the server publishes."""

import base64
from collections.abc import AsyncIterator

import httpx2
import msgspec
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from kubeactors.actor import ActorSystem
from kubeactors.apiserver.http.app import ApiApp, HttpSettings
from kubeactors.apiserver.http.openid import PATHS, Issuer
from kubeactors.apiserver.tokens import ISSUER, AccountTokens
from tests.apiserver.policy import DEFAULTS, authorizer_with
from tests.apiserver.test_tokens import CLAIMS, KEY

from .conftest import POWERFUL
from .conftest import TOKENS as USERS
from .shelf import SCHEME, Shelf

TOKENS = AccountTokens(KEY)


class Keys(msgspec.Struct):
    """A set of JSON Web Keys."""

    keys: list[dict[str, str]]


@pytest.fixture
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    settings = HttpSettings(tokens=(USERS,), issuer=Issuer(name=ISSUER, key=TOKENS.public_key))
    async with ActorSystem() as system:
        server = await system.spawn(lambda: Shelf(lambda _: None), name="apiserver")
        authorizer = authorizer_with(*DEFAULTS, POWERFUL)
        app = ApiApp(server, SCHEME, authorizer=authorizer, clock=lambda: 0, settings=settings)
        transport = httpx2.ASGITransport(app)  # pyright: ignore[reportArgumentType]
        async with httpx2.AsyncClient(transport=transport, base_url="https://server") as made:
            yield made


ADMIN = {"authorization": "Bearer admin"}


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def number(text: str | bytes) -> int:
    return int.from_bytes(decoded(text) if isinstance(text, str) else text, "big")


async def test_a_token_is_verified_with_the_published_key_of_its_issuer(client: httpx2.AsyncClient) -> None:
    answer = await client.get(PATHS[0], headers=ADMIN)
    assert answer.json() == {
        "issuer": ISSUER,
        "jwks_uri": "https://server/openid/v1/jwks",
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
    }
    assert answer.headers["cache-control"] == "public, max-age=3600"
    answer = await client.get(answer.json()["jwks_uri"], headers=ADMIN)
    assert answer.headers["content-type"] == "application/jwk-set+json"
    [key] = msgspec.json.decode(answer.content, type=Keys).keys
    header, payload, signature = TOKENS.issue(CLAIMS).split(".")
    assert msgspec.json.decode(decoded(header)) == {"alg": key["alg"], "kid": key["kid"]}
    public = ec.EllipticCurvePublicNumbers(number(key["x"]), number(key["y"]), ec.SECP256R1()).public_key()
    raw = decoded(signature)
    der = encode_dss_signature(number(raw[:32]), number(raw[32:]))
    public.verify(der, f"{header}.{payload}".encode(), ec.ECDSA(hashes.SHA256()))  # or it raises


async def test_the_documents_of_the_issuer_are_listed_and_authorized(client: httpx2.AsyncClient) -> None:
    listed = (await client.get("/", headers=ADMIN)).json()["paths"]
    assert [one for one in listed if one in PATHS] == list(PATHS)
    assert [(await client.get(path)).status_code for path in PATHS] == [403, 403]
    assert (await client.post(PATHS[0], headers=ADMIN)).status_code == 405
