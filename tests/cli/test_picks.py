from types import SimpleNamespace

from prefml.apply import Plan, Report, Step
from prefml.cli._picks import endings, picks_lines, picks_payload


def report(count, **more):
    values = {"urn:x Rating": "5", "urn:x Label": None}
    steps = [Step("mark", "", f"{i}.xmp", "winner", "g", values=values) for i in range(count)]
    return Report(Plan(tuple(steps), {"g": "t"}, ()), **more)


def test_long_plans_are_cut_short_and_counted():
    lines = list(picks_lines(report(201)))
    assert len(lines) == 202
    assert lines[200].startswith("... and 1 more")


def test_removed_fields_are_told():
    assert "no urn:x Label" in next(iter(picks_lines(report(1))))


def test_what_was_interrupted_is_told_before_the_plan():
    journal = SimpleNamespace(carried_out=["g"])
    told = list(endings(report(0, interrupted=journal, finished=journal)))
    assert len(told) == 2
    assert picks_payload(report(0, interrupted=journal))["interrupted"] == ["g"]
