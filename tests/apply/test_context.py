from prefml.apply import export_picks
from prefml.apply.context import StepContext
from prefml.apply.journal import read_journals


def test_a_step_knows_its_places_and_where_what_it_changes_is_kept(reviewed):
    workspace = reviewed.write()
    export_picks(workspace)
    (journal,) = read_journals(workspace)
    context = StepContext(workspace, journal, 0)
    assert context.target == workspace.root / journal.steps[0].target
    assert context.saved == workspace.sandbox / "journal" / journal.path.stem / "0"
    assert context.temporary(context.target).parent == context.target.parent
