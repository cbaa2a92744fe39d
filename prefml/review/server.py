"""Serve the page on this machine, and on nothing else."""

from __future__ import annotations

import errno
import json
import logging
import socket
from collections.abc import Callable

from flask import Flask
from waitress import create_server
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.task import ErrorTask

from prefml.exceptions import PrefmlError
from prefml.review.security import HEADERS

__all__ = ["HOST", "serve"]

HOST = "127.0.0.1"
THREADS = 8


class _ErrorTask(ErrorTask):
    """Answer what never reached the application as the application answers: JSON, guarded."""

    def execute(self) -> None:
        """Write the answer, and close the connection."""
        error = self.request.error
        body = json.dumps({"error": error.reason}).encode()
        self.status = f"{error.code} {error.reason}"
        self.response_headers += [*HEADERS.items(), ("Content-Type", "application/json"),
                                  ("Cache-Control", "no-store")]  # fmt: skip
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class _Parser(HTTPRequestParser):
    """Refuse a head that no number or address can be read from, in place of failing at it."""

    def parse_header(self, header_plus: bytes) -> None:
        """Read the head of a request."""
        try:
            super().parse_header(header_plus)
        except ValueError as error:
            raise ParsingError(str(error)) from error


class _Channel(HTTPChannel):
    """Connection whose own errors are answered by `_ErrorTask`."""

    parser_class = _Parser
    error_task_class = _ErrorTask


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
    # Its only message, that requests wait for a thread, is of no use to the person.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    try:
        # waitress would leave its own socket open when the port is taken.
        with _listen(port) as listener:
            server = create_server(
                app,
                sockets=[listener],
                threads=THREADS,
                ident=None,
                max_request_body_size=app.config["MAX_CONTENT_LENGTH"] + 1024,
                clear_untrusted_proxy_headers=True,
                expose_tracebacks=False,
            )
            server.channel_class = _Channel
            ready(f"http://{HOST}:{listener.getsockname()[1]}/")
            server.run()
            server.close()
    finally:
        app.extensions["prefml"].close()


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        # A port that was just left may be taken again at once; one in use may not.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise _port_error(port, error) from error
    return listener


def _port_error(port: int, error: OSError) -> PrefmlError:
    if error.errno == errno.EADDRINUSE:
        found = f"port {port} is in use; is another review open?"
    else:
        found = f"port {port}: {error.strerror}"
    return PrefmlError(found, "a free port", f"prefml review --port {(port + 1) % 65536}")
