from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def would_run(tmp_path, *words) -> str:
    if shutil.which("make") is None:
        pytest.skip("there is no make")
    command = ["make", "--dry-run", f"VENV={tmp_path}/venv", *words]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def test_evaluate_with_neural_installs_torch_first(tmp_path):
    lines = would_run(tmp_path, "evaluate", "NEURAL=1").splitlines()

    (install,) = (n for n, line in enumerate(lines) if "clip" in line and " install " in line)
    (measure,) = (n for n, line in enumerate(lines) if line.endswith(" evaluate"))
    assert install < measure


def test_evaluate_alone_installs_no_torch(tmp_path):
    assert "clip" not in would_run(tmp_path, "evaluate")
