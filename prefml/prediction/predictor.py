"""Predict with the trained models of a workspace."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np

from prefml._typing import Floats, Ints
from prefml.boxes import to_box
from prefml.cropping import CropRegressor
from prefml.cropping.policy import Policy, read_policy
from prefml.decisions.set_rule import SetRule, set_rule
from prefml.encoders import Encoder, EncoderSpec, open_encoder
from prefml.exceptions import ModelFileError
from prefml.features.tables import crop_columns
from prefml.models.compatibility import refuse_other_cues, refuse_other_encoder
from prefml.models.kinds import Ranker
from prefml.models.manifest import KINDS, Manifest
from prefml.models.store import load_pair, model_file
from prefml.prediction.columns import set_columns, stored_columns, with_settings_used
from prefml.prediction.predictions import CropProposal, PictureRows, Ranking, Reason
from prefml.prediction.stored import path_below, stored_names, stored_rows
from prefml.ranking.per_project import ranker_of, scores_by_project
from prefml.ranking.rejection import RejectionModel
from prefml.sidecars.choice import chosen_encoder
from prefml.sidecars.store import Sidecars, read_sidecars, read_sidecars_if_any
from prefml.workspace import Workspace


class Predictor:
    """Trained models of a workspace and the encoder they were trained with.

    Build one with `Predictor.open`.

    Parameters
    ----------
    workspace : Workspace
        Where pictures and sidecars lie.
    ranker : SetRanker or PerProjectRanker or None
        The fitted ranker; None if there is none.
    cropper : CropRegressor or None
        The fitted crop model; None if there is none.
    manifests : dict of str to Manifest
        Their manifests, by kind.
    encoder_name : str
        The encoder to open for pictures without sidecar rows.
    device : {"auto", "mps", "cuda", "cpu"}
        Where it runs.
    rejection : RejectionModel or None
        The fitted model of "none is good"; None if there is none.
    """

    def __init__(
        self,
        workspace: Workspace,
        ranker: Ranker | None,
        cropper: CropRegressor | None,
        manifests: dict[str, Manifest],
        encoder_name: str,
        device: str = "auto",
        rejection: RejectionModel | None = None,
    ) -> None:
        self.workspace = workspace
        self.ranker = ranker
        self.cropper = cropper
        self.manifests = manifests
        self.encoder_name = encoder_name
        self.device = device
        self.rejection = rejection
        self._projects: tuple[str, ...] | None = None

    @classmethod
    def open(
        cls,
        workspace: Workspace,
        encoder: str | None = None,
        device: str = "auto",
        kinds: Sequence[str] = KINDS,
    ) -> Predictor:
        """Load the models of a workspace.

        Parameters
        ----------
        workspace : Workspace
            Its artifacts folder holds the models.
        encoder : str, optional
            Another name for the encoder the models were trained with.
        device : {"auto", "mps", "cuda", "cpu"}, default="auto"
            Where the encoder runs.
        kinds : sequence of {"ranker", "crop", "rejection"}
            Which models to look for.

        Returns
        -------
        Predictor
            A model that was never trained is None.

        Raises
        ------
        ModelFileError
            If none of them is there, or one cannot be trusted or was trained on other cues.
        """
        paths = {kind: workspace.artifacts / model_file(kind) for kind in kinds}
        found = {kind: path for kind, path in paths.items() if path.exists()}
        # What tells rejected sets says nothing by itself.
        found = found if found.keys() - {"rejection"} else paths
        pairs = {kind: load_pair(path, kind) for kind, path in found.items()}
        models = {kind: model for kind, (model, _) in pairs.items()}
        manifests = {kind: manifest for kind, (_, manifest) in pairs.items()}
        for manifest in manifests.values():
            refuse_other_cues(manifest)
        names = [m.encoder.name for m in manifests.values() if m.encoder]
        name = encoder or next((one for one in names if one), None)
        chosen = chosen_encoder(workspace, name)
        ranker, cropper, rejection = map(models.get, ("ranker", "crop", "rejection"))
        return cls(workspace, ranker, cropper, manifests, chosen, device, rejection)

    @cached_property
    def encoder(self) -> Encoder:
        """Encoder, opened when a picture has to be encoded.

        Raises
        ------
        EncoderMismatchError
            If it is not the one the models were trained with.
        """
        opened = open_encoder(self.encoder_name, self.workspace.root, self.device)
        self._refuse_other(opened.spec)
        return opened

    @cached_property
    def sidecars(self) -> Sidecars:
        """Sidecars of the workspace, of all projects unless `reload_sidecars` named some.

        Raises
        ------
        SidecarError
            If there are none.
        EncoderMismatchError
            If another encoder made them than the models were trained with.
        """
        found = read_sidecars(self.workspace.sidecars, self._projects)
        self._refuse_other(found.encoder)
        return with_settings_used(self.workspace, found, self.ranker)

    def refuse_other_sidecars(self) -> None:
        """Compare the sidecars' encoder with that of the models, and read no row.

        Raises
        ------
        SidecarError
            If there are none.
        EncoderMismatchError
            If another encoder made them.
        """
        self._refuse_other(read_sidecars(self.workspace.sidecars, []).encoder)

    def reload_sidecars(self, projects: Iterable[str] | None = None) -> None:
        """Forget the sidecars, so that they are read anew when they are next needed.

        Parameters
        ----------
        projects : iterable of str, optional
            Read the rows of these projects only.
        """
        self._projects = None if projects is None else tuple(projects)
        self.__dict__.pop("sidecars", None)

    @cached_property
    def policy(self) -> Policy:
        """Crop rules of the person, from `prefml.toml`.

        Raises
        ------
        ConfigError
            If one of them is unknown or of the wrong kind.
        """
        return read_policy(self.workspace.config.policy)

    @cached_property
    def rule(self) -> SetRule:
        """Description of what makes a set, from `prefml.toml`; stages follow from it.

        Raises
        ------
        ConfigError
            If it cannot be used.
        """
        return set_rule(self.workspace.config)

    def _refuse_other(self, spec: EncoderSpec) -> None:
        for manifest in self.manifests.values():
            refuse_other_encoder(manifest, spec)

    def measure(self, paths: Sequence[str | Path], project: str | None = None) -> PictureRows:
        """Decode, measure and encode pictures now.

        Parameters
        ----------
        paths : sequence of str or Path
            Picture files, at least one.
        project : str, optional
            Their project.

        Returns
        -------
        PictureRows

        Raises
        ------
        ImageError
            If one of them cannot be decoded.
        """
        # Most pictures are stored, and those who ask for them wait for each import.
        from prefml.prediction.measured import measured_rows

        most = self.workspace.config.max_pixels
        return measured_rows(self.encoder, paths, most, self.rule, project, self.ranker)

    def from_sidecars(self, project: str, filenames: Sequence[str]) -> PictureRows:
        """Look pictures up that were embedded before.

        Parameters
        ----------
        project : str
            Their project.
        filenames : sequence of str
            Their names.

        Returns
        -------
        PictureRows

        Raises
        ------
        SidecarError
            If one of them has no sidecar row.
        """
        return stored_rows(self.sidecars, project, filenames, self.rule)

    def rows_of(self, paths: Sequence[Path], project: str | None = None) -> PictureRows:
        """Look pictures up if all of them are stored as they are, else measure them now.

        Parameters
        ----------
        paths : sequence of Path
            Picture files, at least one.
        project : str, optional
            Their project; no file of another one is read.

        Returns
        -------
        PictureRows

        Raises
        ------
        ImageError
            If one has to be measured and cannot be decoded.
        SidecarError
            If the sidecars are damaged.
        """
        if project is not None:
            places = [path_below(self.workspace.root, path) for path in paths]
            found = read_sidecars_if_any(self.workspace.sidecars, [project], paths=places)
            specs = [one.encoder for one in self.manifests.values() if one.encoder is not None]
            names = found and stored_names(found, self.workspace.root, paths, specs)
            if found and names:
                known = with_settings_used(self.workspace, found, self.ranker)
                return stored_rows(known, project, names, self.rule)
        return self.measure(paths, project)

    def rank(self, rows: PictureRows) -> Ranking:
        """Put the pictures of one set in order.

        Parameters
        ----------
        rows : PictureRows
            The pictures of one set, at least two.

        Returns
        -------
        Ranking

        Raises
        ------
        ModelFileError
            If there is no ranker.
        """
        if self.ranker is None:
            raise _untrained("ranker")
        together = np.zeros(len(rows), int)
        X = set_columns(rows, self.ranker)
        ranker = ranker_of(self.ranker, rows.project)
        scores = np.asarray(ranker.predict(X), float)
        chances = np.asarray(ranker.win_probability(X, set_id=together), float)
        explained = ranker.explain(X, together)
        why = explained[0].reasons if explained else ()
        return Ranking(
            order=tuple(int(i) for i in np.argsort(-scores, kind="stable")),
            scores=scores,
            probabilities=chances,
            why=tuple(Reason(one.name, float(one.contribution)) for one in why),
        )

    def none_probability(self, rows: PictureRows) -> float | None:
        """Return the probability that the person rejects a whole set.

        Parameters
        ----------
        rows : PictureRows
            The pictures of one set.

        Returns
        -------
        float or None
            None without a ranker, or while too few sets were reviewed to learn from.
        """
        if self.ranker is None or self.rejection is None:
            return None
        together = np.zeros(len(rows), int)
        X = set_columns(rows, self.ranker)
        scores = np.asarray(self.ranker.predict(X), float)
        return float(self.rejection.predict_probability(X, scores, together)[0])

    def score(self, rows: Ints, set_id: Ints) -> Floats:
        """Score pictures of the sidecars, those of a set beside each other.

        Parameters
        ----------
        rows : ndarray of shape (n,)
            Their rows in the sidecars.
        set_id : ndarray of shape (n,)
            The set of each.

        Returns
        -------
        ndarray of shape (n,)
            Comparable inside a set only.

        Raises
        ------
        ModelFileError
            If there is no ranker.
        """
        if self.ranker is None:
            raise _untrained("ranker")
        found = self.sidecars
        X = stored_columns(found, rows, set_id, self.rule, self.ranker)
        return scores_by_project(self.ranker, X, found.index["project"].to_numpy(object)[rows])

    def crop(self, rows: PictureRows, i: int = 0, aspect: float | None = None) -> CropProposal:
        """Propose a crop for one picture, or keeping it whole.

        Parameters
        ----------
        rows : PictureRows
            Pictures.
        i : int, default=0
            Which of them.
        aspect : float, optional
            Width divided by height of the crop in pixels; the picture's own by default.

        Returns
        -------
        CropProposal

        Raises
        ------
        ModelFileError
            If there is no crop model.
        """
        if self.cropper is None:
            raise _untrained("crop")
        one = slice(i, i + 1)
        if self.manifests["crop"].encoder is None:
            X = crop_columns(rows.size[one], rows.stage[one])
        else:
            X = crop_columns(
                rows.size[one], rows.stage[one], rows.embeddings[one], rows.cues.iloc[one]
            )
        hands = None if rows.hands is None else rows.hands[i : i + 1]
        found = self.cropper.propose(
            X, size=rows.size[i : i + 1], aspect=aspect, policy=self.policy, hands=hands,
            groups=None if rows.project is None else [rows.project],
        )[0]  # fmt: skip
        return CropProposal(
            keep_probability=float(found.keep_probability),
            box=to_box(found.box),
            probability=float(found.probability),
            alternatives=tuple((to_box(o.box), float(o.probability)) for o in found.alternatives),
            reasons=tuple(found.reasons),
            certainty=found.certainty,
        )


def _untrained(kind: str) -> ModelFileError:
    return ModelFileError(f"no {kind} model", "a trained one", "prefml train")
