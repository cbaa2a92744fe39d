"""The code blocks of the documents, and how each is run."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
LANGUAGES = {"python", "sh", "toml", "json", "text"}
_FENCE = re.compile(
    r"^(?:<!-- not run: (?P<reason>.*?) -->\n)?```(?P<language>[^\n]*)\n(?P<body>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Block:
    """One fenced block.

    Attributes
    ----------
    page : Path
    line : int
        Where it begins.
    language, body : str
    reason : str
        Why it is not run; empty if it is.
    """

    page: Path
    line: int
    language: str
    body: str
    reason: str

    @property
    def runs(self) -> bool:
        """Whether it is code that is run."""
        return self.language in ("python", "sh") and not self.reason


def blocks_of(page: Path) -> list[Block]:
    """Return the fenced blocks of a page, in order."""
    text = page.read_text("utf-8")
    return [
        Block(
            page,
            text.count("\n", 0, found.start()) + 1,
            found["language"].strip(),
            found["body"],
            (found["reason"] or "").strip(),
        )
        for found in _FENCE.finditer(text)
    ]


def run_block(block: Block, names: dict[str, object]) -> None:
    """Run a block in the current folder; blocks of one page share what they define."""
    if block.language == "python":
        exec(compile(block.body, f"{block.page.name}:{block.line}", "exec"), names)
    else:
        for line in block.body.replace("\\\n", " ").splitlines():
            if words := shlex.split(line, comments=True):
                run_line(words)


def run_line(words: list[str]) -> None:
    """Run one command of a shell block."""
    from prefml.cli import main

    program, *rest = words
    if program == "prefml":
        assert main(rest) == 0, " ".join(words)
    elif program == "python":
        done = subprocess.run([sys.executable, *rest], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    else:
        raise AssertionError(f"{program}: say why it is not run: <!-- not run: REASON -->")
