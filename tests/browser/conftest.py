"""Headless Chromium, a review server, and a page that reports every request and fault."""

from __future__ import annotations

import json
import logging
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from ..review.drawn_workspace import write_workspace

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
REVIEW = [sys.executable, "-c", "from prefml.cli import run; run()", "review", "--no-browser"]
IDLE = 'body[data-busy="false"]'
# A connection that ended while the server was away, or before it was used; the page asks again.
DISCONNECTED = re.compile(
    r"net::ERR_(CONNECTION_\w+|SOCKET_NOT_CONNECTED|EMPTY_RESPONSE|CONTENT_LENGTH_MISMATCH)"
)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    found = CHROMIUM if CHROMIUM.exists() else shutil.which("chromium")
    if not found:
        pytest.skip("chromium is not installed: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(found), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_workspace(tmp_path_factory.mktemp("drawn") / "ws")


@pytest.fixture
def root(drawn: Path, tmp_path: Path) -> Path:
    root = shutil.copytree(drawn, tmp_path / "ws")
    # Batches of a few sets, which would all be asked one by one.
    (root / "prefml.toml").write_text("[review]\naudit = 0\n")
    return root


class Process:
    """`prefml review` as a person starts it, to be killed and started again on its port."""

    def __init__(self, root: Path) -> None:
        self.root, self.port = root, 0
        self.start()

    def start(self) -> None:
        words = [*REVIEW, "--json", "--port", str(self.port), "--workspace", str(self.root)]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        self.url = json.loads(self.process.stdout.readline())["url"]
        self.port = urlsplit(self.url).port

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def process(root: Path) -> Iterator[Process]:
    server = Process(root)
    yield server
    server.kill()


@pytest.fixture
def serve(root: Path) -> Iterator[Callable[..., str]]:
    """Serve the workspace from this process, which starts faster."""
    from werkzeug.serving import make_server

    from prefml.review import create_app

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    running = []

    def start(**options: Any) -> str:
        app = create_app(root, **options)
        server = make_server("127.0.0.1", 0, app, threaded=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        running.append((app, server, thread))
        return f"http://127.0.0.1:{server.port}/"

    yield start
    for app, server, thread in running:
        server.shutdown()
        thread.join()
        server.server_close()
        app.extensions["prefml"].close()


@dataclass
class Reviewer:
    """A person at the page: presses keys and reads what is there."""

    page: Any
    faults: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)

    def heard(self, message: Any) -> None:
        """Note what the browser complains of; what it only remarks on is no fault."""
        if message.type in ("error", "warning"):
            self.faults.append(message.text)

    def open(self, url: str) -> Reviewer:
        self.page.goto(url)
        self.idle()
        return self

    def idle(self) -> None:
        # The content policy forbids the text that wait_for_function would evaluate.
        self.page.locator(IDLE).wait_for(state="attached")

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
            self.idle()

    def reload(self) -> None:
        self.page.reload()
        self.idle()

    def find(self, testid: str, extra: str = "") -> Any:
        return self.page.locator(f'[data-testid="{testid}"]{extra}')

    @property
    def group_id(self) -> str:
        return self.find("group").get_attribute("data-group-id")

    @property
    def state(self) -> str:
        return self.find("group").get_attribute("data-state")

    @property
    def box(self) -> list[float]:
        return [float(x) for x in self.find("crop-box").get_attribute("data-box").split(",")]

    @property
    def status(self) -> str:
        return self.page.locator("#status").inner_text()

    def api(self, path: str) -> Any:
        script = "async path => (await fetch('/api/automation/' + path)).json()"
        return self.page.evaluate(script, path)

    def decided(self, group_id: str) -> Any:
        return self.api(f"load_batch?id={group_id}")["groups"][0]


@pytest.fixture
def context_options() -> dict[str, Any]:
    return {}


@pytest.fixture
def reviewer(chromium: Any, context_options: dict[str, Any]) -> Iterator[Reviewer]:
    options = {"viewport": {"width": 1440, "height": 900}, **context_options}
    context = chromium.new_context(**options)
    context.set_default_timeout(90_000)
    page = context.new_page()
    person = Reviewer(page)
    page.on("pageerror", lambda error: person.faults.append(str(error)))
    page.on("console", person.heard)
    page.on("request", lambda request: person.hosts.add(urlsplit(request.url).netloc))
    yield person
    context.close()
    # Every test is also a test of these two: nothing leaves the machine, nothing goes wrong.
    assert all(re.fullmatch(r"127\.0\.0\.1:\d+", host) for host in person.hosts), person.hosts
    assert [fault for fault in person.faults if not DISCONNECTED.search(fault)] == []


@pytest.fixture
def person(serve: Callable[..., str], reviewer: Reviewer) -> Reviewer:
    # In this order, so that the page is closed before its server.
    return reviewer.open(serve())
