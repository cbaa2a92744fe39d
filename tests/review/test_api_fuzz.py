"""Requests made up from the description that the API serves: none of them makes it fail."""

from __future__ import annotations

import gc
from collections import Counter

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis.generation import GenerationMode

EXAMPLES = 40
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
bounded = settings(
    max_examples=EXAMPLES, derandomize=True, database=None, deadline=None,
    phases=(Phase.explicit, Phase.generate), suppress_health_check=list(HealthCheck),
)  # fmt: skip


HERE = {"Host": "localhost"}


def operations(schema):
    return [found.ok() for found in schema.get_all_operations()]


# The WSGI client of schemathesis leaves the files that are served to the garbage collector.
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_made_up_requests_find_no_failure(client, record_property):
    described = schemathesis.openapi.from_wsgi("/api/openapi.json", client.app, headers=HERE)
    counts: Counter[str] = Counter()
    headers = {**HERE, "X-CSRF-Token": client.token}
    for operation in operations(described):
        for mode in MODES:
            ask(operation, mode, headers, counts)
    gc.collect()
    assert not [word for word in counts if word.startswith("5")]
    assert counts["200"]
    assert counts["400"]
    told = {"part": "security", "what": "made-up requests to the review", "lost": 0}
    outcomes = {f"answered {word}": n for word, n in sorted(counts.items())}
    record_property("reliability", {**told, "tried": counts.total(), "outcomes": outcomes})


def ask(operation, mode, headers, counts) -> None:
    strategy = operation.as_strategy(generation_mode=mode)

    @bounded
    @given(case=strategy)
    def send(case) -> None:
        answer = case.call(headers=headers)
        counts[str(answer.status_code)] += 1
        assert answer.status_code < 500, (case.as_curl_command(), answer.text)

    try:
        send()
    except Unsatisfiable:
        # An operation without parameters has no wrong ones.
        assert mode is GenerationMode.NEGATIVE


@pytest.mark.parametrize("path", ["decide", "tag", "approve_batch", "undo", "redo", "submit_batch"])
def test_any_json_at_all_is_answered(client, path):
    @bounded
    @given(body=json_values)
    def send(body) -> None:
        assert client.send(path, body).status_code < 500

    send()


@pytest.mark.parametrize("path", ["decide", "tag", "approve_batch", "undo", "redo", "submit_batch"])
def test_any_bytes_at_all_are_answered(client, path):
    @bounded
    @given(body=st.binary(max_size=200), kind=st.sampled_from(["application/json", "text/plain"]))
    def send(body, kind) -> None:
        headers = {"X-CSRF-Token": client.token, "Content-Type": kind}
        answer = client.http.post(f"/api/automation/{path}", data=body, headers=headers)
        assert answer.status_code < 500

    send()
