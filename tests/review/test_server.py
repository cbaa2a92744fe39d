import errno
import json
import shutil
import socket
import subprocess
import sys

import pytest

from prefml.exceptions import PrefmlError
from prefml.review import create_app, server
from prefml.review.security import HEADERS


class FakeServer:
    """Stands for waitress: answers nothing, and ends at once or by an error."""

    def __init__(self, error=None):
        self.error, self.closed = error, False

    def __call__(self, app, **options):
        self.options = options
        return self

    def run(self):
        if self.error:
            raise self.error

    def close(self):
        self.closed = True


@pytest.fixture
def app(workspace):
    return create_app(workspace)


def serve(app, monkeypatch, fake, port=0):
    monkeypatch.setattr(server, "create_server", fake)
    told, closed = [], []
    monkeypatch.setattr(app.extensions["prefml"], "close", wrap(app, closed))
    server.serve(app, port, told.append)
    return told, closed


def wrap(app, closed):
    close = app.extensions["prefml"].close

    def closing():
        closed.append(True)
        close()

    return closing


def test_the_address_is_told_once_the_port_listens(app, monkeypatch):
    fake = FakeServer()
    told, closed = serve(app, monkeypatch, fake)
    (listener,) = fake.options["sockets"]
    assert told[0].startswith("http://127.0.0.1:")
    assert closed == [True]
    assert fake.closed
    # Left to the system again.
    assert listener.fileno() == -1


def test_a_server_sends_no_traceback_and_reads_no_endless_body(app, monkeypatch):
    fake = FakeServer()
    serve(app, monkeypatch, fake)
    assert fake.options["expose_tracebacks"] is False
    assert fake.options["max_request_body_size"] > app.config["MAX_CONTENT_LENGTH"]


def test_an_interrupt_closes_the_event_table(app, monkeypatch):
    closed = []
    monkeypatch.setattr(app.extensions["prefml"], "close", wrap(app, closed))
    monkeypatch.setattr(server, "create_server", FakeServer(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        server.serve(app, 0, lambda address: None)
    assert closed == [True]


def test_a_port_in_use_is_named_with_another(app):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PrefmlError, match=f"port {port} is in use") as caught:
            server.serve(app, port, lambda address: None)
    assert caught.value.run == f"prefml review --port {port + 1}"


def test_the_server_listens_on_one_address_of_the_loopback():
    with server._listen(0) as listener:
        address, port = listener.getsockname()
        assert address == "127.0.0.1"
        # Another address of the same machine: one that listened on all of them would answer here.
        with socket.socket() as other:
            other.settimeout(5)
            with pytest.raises(OSError, match=r"refused|assign|unreach|time"):
                other.connect(("127.0.0.2", port))


def test_a_port_that_may_not_be_used_is_one_clear_line_with_another():
    said = str(server._port_error(80, PermissionError(errno.EACCES, "Permission denied")))
    assert said.startswith("port 80: Permission denied")
    assert said.endswith("prefml review --port 81")


@pytest.fixture(scope="module")
def address(drawn, tmp_path_factory):
    """Serve a copy of the drawn workspace in a process of its own, and return the address."""
    place = shutil.copytree(drawn, tmp_path_factory.mktemp("served") / "ws")
    start = ("-c", "from prefml.cli import run; run()", "--workspace", place)
    words = (*start, "review", "--port", "0", "--no-browser", "--json")
    process = subprocess.Popen([sys.executable, *words], stdout=subprocess.PIPE)
    yield json.loads(process.stdout.readline())["url"]
    process.kill()
    process.communicate()


def ask(address, raw):
    host, port = address.removeprefix("http://").rstrip("/").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(raw)
        answer = b""
        while part := connection.recv(65536):
            answer += part
    head, _, body = answer.partition(b"\r\n\r\n")
    return head.decode(), body


@pytest.mark.parametrize(
    "raw",
    [
        b"NONSENSE\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nTransfer-Encoding: nonsense\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n",
        b"GET / HTTP/1.1\r\nbad header\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n",
        b"GET http://[::1 HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
    ids=["no request", "no length", "encoding", "body", "no header", "digits", "address"],
)
def test_what_never_reaches_the_application_is_answered_like_all_else(address, raw):
    head, body = ask(address, raw)
    assert head.startswith(("HTTP/1.1 4", "HTTP/1.0 4", "HTTP/1.1 501", "HTTP/1.0 501")), head
    assert set(json.loads(body)) == {"error"}
    for name, value in HEADERS.items():
        assert f"{name}: {value}" in head
    assert "Content-Type: application/json" in head
