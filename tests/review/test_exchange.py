import flask
import msgspec
import pytest

from prefml.exceptions import LogError
from prefml.review.exchange import json_answer, json_body


class Note(msgspec.Struct, forbid_unknown_fields=True):
    text: str = "none"


def read(body=b"", content_type="application/json"):
    with flask.Flask("test").test_request_context(
        "/", method="POST", data=body, content_type=content_type
    ):
        return json_body(Note)


def test_a_body_is_read_and_no_body_is_an_object_without_fields():
    assert read(b'{"text": "a"}') == Note("a")
    assert read(b"", "text/plain") == Note()


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_a_body_that_is_not_declared_as_json_is_refused(content_type):
    with pytest.raises(LogError, match="the request's body"):
        read(b'{"text": "a"}', content_type)


def test_a_document_is_answered_as_json():
    answer = json_answer(Note("a"))
    assert (answer.mimetype, answer.get_data()) == ("application/json", b'{"text":"a"}')
