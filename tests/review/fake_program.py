"""Stands for the command line of prefml: notes what it is called with, and answers from files.

Beside it lie `calls.txt`, in which each call is noted, `NAME.json`, the answer of a command,
`NAME.fails`, a line that it fails with, and `NAME.slow`, which lets it wait to be stopped.
"""

import json
import os
import sys
import time
from pathlib import Path

here = Path(__file__).parent
name, words = sys.argv[1], sys.argv[1:]
with (here / "calls.txt").open("a") as stream:
    stream.write(json.dumps(words) + "\n")
if (here / f"{name}.slow").exists():
    Path(os.environ["PREFML_PROGRESS"]).write_text('{"part": "sets", "done": 2, "total": 7}')
    time.sleep(600)
if (here / f"{name}.fails").exists():
    print("a remark\nError: " + (here / f"{name}.fails").read_text(), file=sys.stderr)
    sys.exit(1)
answer = here / f"{name}.json"
print(answer.read_text() if answer.exists() else "{}")
