"""Serves the page on this machine, and on nothing else."""

from __future__ import annotations

import errno
from collections.abc import Callable

from flask import Flask
from waitress import create_server

from prefml.exceptions import PrefmlError

__all__ = ["HOST", "serve"]

HOST = "127.0.0.1"
THREADS = 8


def serve(app: Flask, port: int, ready: Callable[[str], None]) -> None:
    """Serve until interrupted.

    Parameters
    ----------
    app : flask.Flask
        What `create_app` returned.
    port : int
        Where to listen; 0 takes any free port.
    ready : callable
        Called with the page's address once it can be opened.

    Raises
    ------
    PrefmlError
        If the port is taken or not allowed.
    """
    from prefml.review.app import MAX_BODY

    try:
        server = create_server(
            app,
            host=HOST,
            port=port,
            threads=THREADS,
            ident=None,
            max_request_body_size=MAX_BODY + 1024,
            clear_untrusted_proxy_headers=True,
            expose_tracebacks=False,
        )
    except OSError as error:
        raise _port_error(port, error) from error
    try:
        ready(f"http://{HOST}:{server.effective_port}/")
        server.run()
    finally:
        server.close()
        app.extensions["prefml"].close()


def _port_error(port: int, error: OSError) -> PrefmlError:
    if error.errno == errno.EADDRINUSE:
        found = f"port {port} is in use; is another review open?"
    else:
        found = f"port {port}: {error.strerror}"
    return PrefmlError(found, "a free port", f"prefml review --port {(port + 1) % 65536}")
