"""prefml from Python, without the command line: `python examples/tutorial.py [FOLDER]`.

FOLDER is a workspace; a small sample is written there if it does not exist. Read it from top to
bottom, or run it cell by cell in an editor that knows `# %%`.
"""

# %% A workspace: pictures, logs, manifests
import sys
from pathlib import Path

import numpy as np

from prefml import CropRegressor, Workspace
from prefml.decisions import ProjectResolver, read_decisions
from prefml.encoders import open_encoder
from prefml.features import choice_table, crop_table
from prefml.ranking import HighestStage, default_ranker
from prefml.ranking.metrics import top1
from prefml.sample import write_sample
from prefml.sidecars.build import build_sidecars
from prefml.sidecars.sizes import picture_sizes
from prefml.sidecars.store import read_sidecars

folder = Path(sys.argv[1] if len(sys.argv) > 1 else "tutorial")
if not folder.exists():
    write_sample(folder, share=0.12)
workspace = Workspace.open(folder)

# %% Decisions: what the person chose, project by project; what could not be used is counted
decisions = read_decisions(workspace, picture_sizes(workspace))
print(decisions.items.groupby("project")["set_id"].nunique().to_string())
print(f"{len(decisions.crops)} crops, {len(decisions.quarantine)} rows refused")

# %% The one pass: each picture is decoded once; what was done before is kept
encoder = open_encoder("builtin", workspace.root)
report = build_sidecars(workspace, ProjectResolver.open(workspace), encoder)
print(f"{report.computed} pictures embedded, {report.reused} were done before")
sidecars = read_sidecars(workspace.sidecars)

# %% A table of choices: one row a picture, 1 for the chosen one of each set
table = choice_table(decisions.items, sidecars)
print(f"{table.n_sets} sets, {table.X.shape[1]} columns")

# %% Learn from all projects but one, and see how often the choice in that one is found
held_out = table.project == np.unique(table.project)[0]
seen = ~held_out
ranker = default_ranker().fit(
    table.X[seen], table.y[seen], set_id=table.set_id[seen], groups=table.project[seen]
)
X, y, set_id = table.X[held_out], table.y[held_out], table.set_id[held_out]
highest = HighestStage().fit(table.X[seen], table.y[seen], set_id=table.set_id[seen])
print(f"the person's choice is first: {ranker.score(X, y, set_id=set_id):.2f}")
print(f"  by the highest stage alone: {top1(y, highest.predict(X), set_id):.2f}")

# %% How sure, and why
chances = ranker.win_probability(X, set_id=set_id)
print(f"chances of the first set: {chances[set_id == set_id[0]].round(2)}")
why = ranker.explain(X, set_id)[0]
print(", ".join(f"{one.name} {one.contribution:+.2f}" for one in why.reasons[:3]))

# %% Crops: a box in fractions, how likely the picture is kept whole, and two other crops
crops = crop_table(decisions.crops, sidecars)
cropper = CropRegressor().fit(crops.X, crops.boxes, size=crops.size, groups=crops.project)
(proposal,) = cropper.propose(crops.X[:1], size=crops.size[:1])
print(f"box {np.round(proposal.box, 2)}, {proposal.certainty}")
print(f"held out, overlap {cropper.inner_iou_['chosen']:.2f}", end=", ")
print(f"one constant box {cropper.inner_iou_['constant']:.2f}")
