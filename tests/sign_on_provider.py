"""A small OpenID Connect provider with real RS256 keys: it checks what it is sent, and lies on request."""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey

CLIENT_ID = "slimgate"
CLIENT_SECRET = "a secret of the client"


class SignOnProvider:
    """What it knows, and what a test has it say.

    Attributes
    ----------
    person : dict
        Claims of whoever signs on.
    lies : dict
        Claims that replace the true ones; None takes one away.
    signs_with : RSAKey
        The key that signs; `keys` are those it publishes.
    answer_code : bool
        Whether people agree; otherwise they are sent back without a code.
    """

    def __init__(self) -> None:
        self.url = ""
        self.key = RSAKey.generate_key(2048, {"kid": "of-today", "use": "sig", "alg": "RS256"})
        self.reset()

    def reset(self) -> None:
        """Tell the truth again."""
        self.person: dict[str, Any] = {"sub": "42", "email": "ada@example.org", "email_verified": True}
        self.lies: dict[str, Any] = {}
        self.signs_with: RSAKey | OctKey = self.key
        self.algorithm = "RS256"
        self.answers_code = True
        self.issuer = self.url
        self._codes: dict[str, dict[str, str]] = {}

    def metadata(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/jwks",
        }

    def authorize(self, query: dict[str, str]) -> str:
        """Where a browser is sent after the person has agreed."""
        assert (query["response_type"], query["client_id"]) == ("code", CLIENT_ID)
        assert query["code_challenge_method"] == "S256"
        assert "openid" in query["scope"].split()
        answer = {"state": query["state"]}
        if self.answers_code:
            answer["code"] = secrets.token_urlsafe()
            self._codes[answer["code"]] = query
        else:
            answer["error"] = "access_denied"
        return f"{query['redirect_uri']}?{urlencode(answer)}"

    def token(self, form: dict[str, str], authorization: str) -> dict[str, Any] | None:
        """An ID token for a code; None for a code that is not right, or comes a second time."""
        asked = self._codes.pop(form.get("code", ""), None)
        wanted = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        if asked is None or authorization != f"Basic {wanted}" or form["redirect_uri"] != asked["redirect_uri"]:
            return None
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != asked["code_challenge"]:
            return None
        now = int(time.time())
        claims = {"iss": self.url, "aud": CLIENT_ID, "iat": now, "exp": now + 60, "nonce": asked["nonce"]}
        claims = {**claims, **self.person, **self.lies}
        claims = {name: value for name, value in claims.items() if value is not None}
        header = {"alg": self.algorithm, "kid": "of-today"}
        id_token = jwt.encode(header, claims, self.signs_with, algorithms=[self.algorithm])
        return {"access_token": "unused", "token_type": "Bearer", "id_token": id_token}

    def key_set(self) -> dict[str, Any]:
        return dict(KeySet([self.key]).as_dict(private=False))


@contextmanager
def running_sign_on_provider() -> Iterator[SignOnProvider]:
    """A provider at an address of this machine."""
    provider = SignOnProvider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if parts.path == "/authorize":
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                self.send_response(302)
                self.send_header("location", provider.authorize(query))
                self.send_header("content-length", "0")
                self.end_headers()
            elif parts.path == "/jwks":
                self._json(200, provider.key_set())
            else:
                assert parts.path == "/.well-known/openid-configuration"
                self._json(200, provider.metadata())

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            answer = provider.token(form, self.headers.get("authorization", ""))
            self._json(*((400, {"error": "invalid_grant"}) if answer is None else (200, answer)))

        def _json(self, status: int, body: dict[str, Any]) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.url = f"http://127.0.0.1:{server.server_port}"
    provider.reset()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
