from __future__ import annotations

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
