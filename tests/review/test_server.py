import errno
import socket

import pytest

from prefml.exceptions import PrefmlError
from prefml.review import create_app, server


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
