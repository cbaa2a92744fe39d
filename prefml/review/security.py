"""Refuse requests of other pages and other machines."""

from __future__ import annotations

import hashlib
import hmac

from werkzeug.datastructures import Headers

__all__ = ["HEADERS", "REPORT_POLICY", "page_token", "refusal"]

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
REPORT_POLICY = (
    "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
"""Policy of the report, one file with its pictures and styles in it: no script, and an origin of
its own, so that nothing in it could ask the server for anything."""

LOCAL_NAMES = ("127.0.0.1", "localhost")
TOKEN_HEADER = "X-CSRF-Token"


def page_token(secret: str) -> str:
    """Return the token that the page sends along with everything that changes something."""
    return hmac.new(secret.encode(), b"csrf", hashlib.sha256).hexdigest()


def refusal(method: str, path: str, headers: Headers, port: str, token: str) -> str | None:
    """Say why a request is refused, or None if it may pass.

    A name that resolves to this machine (DNS rebinding) fails on Host, a form or script of
    another page on Origin, Sec-Fetch-Site and the token.

    Parameters
    ----------
    method, path : str
        Of the request.
    headers : werkzeug.datastructures.Headers
        Its headers.
    port : str
        Where the server listens.
    token : str
        What `page_token` returns.

    Returns
    -------
    str or None
    """
    host = headers.get("Host", "")
    # Compared as text: nothing that a parser might read in two ways can pass.
    names = {f"{name}:{port}" for name in LOCAL_NAMES}
    if host not in names and not (port == "80" and host in LOCAL_NAMES):
        return "Host is not this machine"
    origin = headers.get("Origin")
    if origin is not None and origin != f"http://{host}":
        return "Origin is another page"
    site = headers.get("Sec-Fetch-Site", "none")
    if site not in ("same-origin", "none") and not (method == "GET" and path == "/"):
        return "the request comes from another site"
    if method not in ("GET", "HEAD", "OPTIONS"):
        given = headers.get(TOKEN_HEADER, "")
        if not hmac.compare_digest(given.encode(), token.encode()):
            return f"{TOKEN_HEADER} is missing or wrong"
    return None
