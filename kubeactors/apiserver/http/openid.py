"""OpenID Connect discovery, with which others verify service account tokens themselves.

Source: pkg/serviceaccount/openidmetadata.go, pkg/routes/openidmetadata.go (v1.36); RFC 7517.
"""

from collections.abc import Mapping

import msgspec

from kubeactors.apiserver.http.messages import HttpRequest, Response

CONFIGURATION, KEYS = "/.well-known/openid-configuration", "/openid/v1/jwks"
PATHS = (CONFIGURATION, KEYS)
_CACHED = ((b"cache-control", b"public, max-age=3600"),)


class Issuer(msgspec.Struct, frozen=True, kw_only=True):
    """The issuer of tokens, and its public key (a JSON Web Key)."""

    name: str
    key: Mapping[str, str]

    def answer(self, request: HttpRequest, address: str) -> Response | None:
        """The document at a path; None for any other path. `address` is that of the server, if known."""
        match request.path.rstrip("/"):
            case "/.well-known/openid-configuration":
                where = address or (request.header(b"host") or "")
                return Response(body=msgspec.json.encode(self._configuration(where)), headers=_CACHED)
            case "/openid/v1/jwks":
                body = msgspec.json.encode({"keys": [self.key]})
                return Response(body=body, content_type="application/jwk-set+json", headers=_CACHED)
            case _:
                return None

    def _configuration(self, address: str) -> dict[str, object]:
        return {
            "issuer": self.name,
            "jwks_uri": f"https://{address}{KEYS}",
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [self.key["alg"]],
        }
