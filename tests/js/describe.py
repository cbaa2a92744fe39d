"""Print the description that the review server gives of its API."""

import sys
import tempfile
from pathlib import Path

from prefml.review import create_app

sys.path.append(str(Path(__file__).resolve().parents[1] / "review"))

from drawn_workspace import write_workspace

with tempfile.TemporaryDirectory() as folder:
    app = create_app(write_workspace(Path(folder), groups=1, pictures=1))
    client = app.test_client()
    print(client.get("/api/openapi.json", headers={"Host": "127.0.0.1"}).get_data(as_text=True))
    app.extensions["prefml"].close()
