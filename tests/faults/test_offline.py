"""The whole flow with the network cut: nothing is fetched, and nothing is told to anybody."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .trees import small_workspace

FLOW = (
    ["ingest"], ["embed"], ["train"], ["evaluate"], ["suggest"], ["duplicates"], ["doctor"],
    ["apply"], ["status"],
)  # fmt: skip
# Runs the command lines of argv[1], a JSON list, and counts what asks for another machine.
REFUSING = """
import json, socket, sys

asked = []
real = {name: getattr(socket.socket, name) for name in ("connect", "connect_ex", "sendto")}

def refusing(name):
    def call(self, *given):
        address = given[-1]
        local = self.family == getattr(socket, "AF_UNIX", None) or (
            isinstance(address, tuple) and str(address[0]) in ("127.0.0.1", "::1", "localhost"))
        if not local:
            asked.append(repr(address))
            raise OSError("the network is cut")
        return real[name](self, *given)
    return call

def no_names(host, *given, **options):
    if host not in (None, "", "127.0.0.1", "::1", "localhost"):
        asked.append(repr(host))
        raise OSError("the network is cut")
    return lookup(host, *given, **options)

for name in real:
    setattr(socket.socket, name, refusing(name))
lookup, socket.getaddrinfo = socket.getaddrinfo, no_names

from prefml.cli import main

if __name__ == "__main__":
    statuses = [main(words) for words in json.loads(sys.argv[1])]
    print("\\nEND", json.dumps({"statuses": statuses, "asked": asked}))
"""


def isolation() -> list[str]:
    """The prefix that takes the network from a command, where the system lets one do that."""
    prefix = ["unshare", "-r", "-n"]
    able = (
        shutil.which("unshare")
        and not subprocess.run([*prefix, "true"], capture_output=True).returncode
    )
    return prefix if able else []


@pytest.fixture
def flow(tmp_path) -> list[list[str]]:
    root = small_workspace(tmp_path / "ws")
    return [["--workspace", str(root), *words, "--json"] for words in FLOW]


def run(prefix: list[str], flow: list[list[str]], folder: Path) -> dict[str, object]:
    script = folder / "refusing.py"
    script.write_text(REFUSING)
    done = subprocess.run(
        [*prefix, sys.executable, str(script), json.dumps(flow)],
        capture_output=True, text=True, timeout=900,
    )  # fmt: skip
    assert "\nEND " in done.stdout, done.stderr[-2000:]
    return json.loads(done.stdout.rpartition("\nEND ")[2])


@pytest.mark.slow
def test_the_whole_flow_works_without_a_network_and_asks_for_none(flow, tmp_path, record_property):
    """Twice cut: by a network namespace without a device where allowed, and by refusing sockets."""
    prefix = isolation()
    found = run(prefix, flow, tmp_path)
    assert found["statuses"] == [0] * len(FLOW)
    assert found["asked"] == []
    how = "unshare -n and refusing sockets" if prefix else "refusing sockets"
    record_property("reliability", {
        "part": "security", "what": f"commands with the network cut ({how})", "tried": len(FLOW),
        "outcomes": {"done": len(FLOW), "asked for the network": 0}, "lost": 0,
    })  # fmt: skip


def test_the_refusing_sockets_do_refuse(tmp_path):
    script = tmp_path / "asks.py"
    script.write_text(
        REFUSING + "    import urllib.request\n"
        "    try:\n        urllib.request.urlopen('http://example.org', timeout=5)\n"
        "    except OSError as error:\n        print('refused', error, asked)\n"
    )
    done = subprocess.run([sys.executable, str(script), "[]"], capture_output=True, text=True)
    assert "the network is cut" in done.stdout
