import msgspec
import pytest

from prefml.exceptions import LogError
from prefml.review.desk_answers import RunJob
from prefml.review.requests import read_body


def test_a_job_is_named_by_its_kind_with_what_it_needs():
    found = read_body(RunJob, b'{"kind": "rollback", "model": "crop-20250101000000-0123abcd"}')
    assert found.model == "crop-20250101000000-0123abcd"
    plan = "ab" * 32
    assert read_body(RunJob, msgspec.json.encode({"kind": "apply", "plan": plan})).plan == plan


@pytest.mark.parametrize(
    "body",
    [
        {}, {"kind": "review"}, {"kind": "apply", "plan": "AB" * 32}, {"kind": "apply", "plan": ""},
        {"kind": "apply", "plan": "a" * 64 + "\n"}, {"kind": "rollback", "model": "--force"},
        {"kind": "rollback", "model": "../ranker"}, {"kind": "rollback", "model": "ranker"},
        {"kind": "rollback", "model": "ranker-1\n"}, {"kind": "suggest", "folders": ["/"]},
        {"kind": "suggest", "event_id": "x"}, {"kind": ["suggest"]}, {"kind": "suggest; rm"},
    ],
)  # fmt: skip
def test_no_word_of_a_request_can_be_an_option_a_path_or_another_command(body):
    with pytest.raises(LogError):
        read_body(RunJob, msgspec.json.encode(body))
