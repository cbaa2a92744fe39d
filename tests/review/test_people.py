from prefml.review import FoundPeople, create_app
from prefml.review.people import NOBODY

from .conftest import Client


def test_faces_and_hands_are_told_of_each_picture(workspace):
    box = (0.1, 0.2, 0.3, 0.4)

    def people(project, name):
        assert project in ("harbour", "valley")
        return FoundPeople((box,)) if name.endswith("stage1_generated.png") else NOBODY

    client = Client(create_app(workspace, people=people))
    images = client.get("load_batch", size=1)["groups"][0]["images"]
    assert [one["faces"] for one in images] == [[list(box)], [], []]
    assert [one["hands"] for one in images] == [[], [], []]
    client.app.extensions["prefml"].close()


def test_where_nobody_has_looked_nobody_was_found(client):
    images = client.get("load_batch", size=1)["groups"][0]["images"]
    assert {tuple(one["faces"] + one["hands"]) for one in images} == {()}
