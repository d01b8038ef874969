"""ID tokens of OpenID Connect: signature, issuer, audience, time and nonce checked. Needs the extra ``oidc``.

References
----------
.. [1] OpenID Connect Core 1.0, section 3.1.3.7, "ID Token Validation".
"""

from collections.abc import Mapping
from typing import Any

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from gateway.login.errors import Refusal, SignOnFailed

ALGORITHMS = ("RS256", "PS256", "ES256", "ES384", "EdDSA", "Ed25519")
"""Those with a public key: with any other, whoever knows a client's secret could make tokens."""

CLOCK_SKEW_S = 60


def verified_claims(
    id_token: str, key_set: Mapping[str, Any], *, issuer: str, client_id: str, nonce: str
) -> Mapping[str, Any]:
    """The claims of `id_token`, which one of `key_set` has signed for us, now, and for this sign-on.

    Raises
    ------
    SignOnFailed
        If it proves nothing.
    """
    wanted = {
        "iss": {"essential": True, "value": issuer},
        "aud": {"essential": True, "value": client_id},
    }
    try:
        token = jwt.decode(id_token, KeySet.import_key_set(dict(key_set)), list(ALGORITHMS))  # type: ignore[arg-type]
        claims = CodeIDToken(token.claims, token.header, wanted, {"nonce": nonce, "client_id": client_id})
        claims.validate(leeway=CLOCK_SKEW_S)
    except (JoseError, ValueError, TypeError, KeyError) as exc:
        raise SignOnFailed(Refusal.TOKEN, f"the ID token proves nothing: {type(exc).__name__}") from exc
    if not isinstance(claims["sub"], str) or not claims["sub"]:
        raise SignOnFailed(Refusal.TOKEN, "the ID token names nobody")
    return dict(claims)
