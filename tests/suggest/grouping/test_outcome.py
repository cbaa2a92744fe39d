from prefml.suggest.grouping.outcome import FolderRule, FormedSet, Grouping, Lone, joined

from .pictures import pictures

A, B, C, D = pictures("a.png", "b.png", "c.png", "d.png")


def test_reasons_are_counted():
    made = Grouping(alone=[Lone(A, "x"), Lone(B, "y"), Lone(C, "x")])
    assert made.reasons == {"x": 2, "y": 1}


def test_the_sorted_partition_does_not_hang_on_how_it_was_made():
    one, other = FormedSet("p", (A, B), "name"), FormedSet("p", (C, D), "name")
    assert Grouping([other, one]).sorted() == Grouping([one, other]).sorted()


def test_partitions_are_joined_in_all_their_parts():
    folder = FolderRule("new/p", "name", "because", 2)
    parts = [Grouping([FormedSet("p", (A, B), "name")]), Grouping(alone=[Lone(C, "x")]),
             Grouping(folders=[folder], notes=["n"])]  # fmt: skip
    whole = joined(parts)
    assert (len(whole.sets), len(whole.alone)) == (1, 1)
    assert (whole.folders, whole.notes) == ([folder], ["n"])
