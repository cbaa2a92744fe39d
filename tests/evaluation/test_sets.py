from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from prefml.evaluation.sets import choose_clusters, describe_sets


def test_facts_have_one_row_a_set(choice_table):
    facts = describe_sets(choice_table)

    assert len(facts.name) == choice_table.n_sets
    assert (facts.size == 2).all()
    assert facts.lower.sum() == 4


@pytest.mark.parametrize(
    ("projects", "sessions", "kind"), [(8, 1, "project"), (2, 4, "session"), (2, 2, "set")]
)
def test_the_widest_grouping_with_enough_clusters_is_drawn(projects, sessions, kind):
    project = np.repeat(np.arange(projects), sessions * 3)
    session = np.tile(np.repeat(np.arange(sessions), 3), projects)

    found, labels = choose_clusters(project, session, np.arange(len(project)))

    assert found == kind
    assert len(labels) == len(project)


def test_sessions_of_the_same_name_in_two_projects_are_two():
    project = np.repeat(np.arange(2), 4)

    _, labels = choose_clusters(project, np.tile(np.arange(4), 2), np.arange(8))

    assert len(set(labels)) == 8


def test_sessions_that_share_a_cluster_are_drawn_together():
    session = np.repeat(np.arange(10), 2)
    cluster = np.arange(20)
    cluster[[1, 2]] = 1

    kind, labels = choose_clusters(np.zeros(20), session, cluster)

    assert kind == "session"
    assert len(set(labels)) == 9
    assert len(set(labels[:4])) == 1


def test_sets_that_share_a_picture_are_one_cluster(choice_table):
    shared = choice_table.filename.copy()
    shared[0] = shared[np.flatnonzero(choice_table.project == choice_table.project[0])[-1]]
    one_session = np.full(len(shared), "s", object)
    alone = replace(choice_table, session_id=one_session)

    facts = describe_sets(replace(alone, filename=shared))

    assert (describe_sets(alone).cluster_kind, facts.cluster_kind) == ("set", "connected set")
    assert len(set(facts.cluster)) == choice_table.n_sets - 1
