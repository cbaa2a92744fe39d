"""`SetRanker`: LightGBM LambdaRank as a scikit-learn estimator that learns inside sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted, validate_data

from prefml._estimators import Seed, as_frame, draw_seed
from prefml._typing import Features, Floats, Ints
from prefml.ranking.blocks import FLOATS, column_names, columns_starting_with
from prefml.ranking.boosted import ALTERABLE, Callback, different_configs, make_config
from prefml.ranking.design import Design
from prefml.ranking.inference import RankerInference
from prefml.ranking.inner_folds import InnerFolds
from prefml.ranking.nested_cv import ModelSelection, calibrate, sort_by_set
from prefml.ranking.table import Table, count_choices
from prefml.ranking.tree_backend import Settings
from prefml.ranking.validation import check_set_id, warn_of_few_choices

if TYPE_CHECKING:
    from sklearn.utils import Tags

__all__ = ["SetRanker"]

EvalSet = tuple[Features, ArrayLike, ArrayLike]
# Entries of an alternative that say when it is tried.
_LIMITS = frozenset({"min_sets", "max_sets"})


class SetRanker(RankerInference, BaseEstimator):
    """Rank the rows of a set, having learned from which rows of other sets were chosen.

    With its default parameters this is `lightgbm.LGBMRanker` with the same settings, told which
    row belongs to which set instead of how many rows each consecutive group has. The parameters
    from `compress` on add what helps when choices are few.

    Parameters
    ----------
    objective : {"lambdarank", "rank_xendcg"}, default="lambdarank"
        LightGBM's ranking objective.
    n_estimators : int, default=100
        Trees; 0 leaves the linear scores and the nets alone.
    learning_rate : float, default=0.1
        Shrinkage of each tree.
    num_leaves : int, default=31
        Most leaves of a tree.
    min_child_samples : int, default=20
        Least rows in a leaf.
    reg_lambda : float, default=0.0
        L2 penalty of the leaves' values.
    colsample_bytree : float, default=1.0
        Share of the columns that each tree sees.
    subsample : float, default=1.0
        Share of the rows that are drawn for trees.
    subsample_freq : int, default=0
        Trees after which rows are drawn anew; 0: never.
    lgbm_params : mapping, optional
        Further parameters of `lightgbm.LGBMRanker`.
    callbacks : sequence of callable, optional
        LightGBM callbacks, such as early stopping (needs `eval_set` in `fit`).
    monotone : mapping of str to int, optional
        Column name or prefix -> 1 (more never lowers the score) or -1.
    compress : mapping of str to int, optional
        Prefix of a block of columns -> principal components to keep instead.
    novelty : sequence of str, optional
        Prefixes of columns that hold a row's difference to its source. Two columns
        `novelty__*` are added, outlier scores of that difference.
    novelty_by : str, optional
        Column that tells kinds of such differences apart.
    linear : sequence of sequence of str, optional
        Each entry is a list of column prefixes ("" for all); one linear Bradley-Terry score is
        fitted on each, and boosting starts from their mean, cross-fitted.
    trees : sequence of str, optional
        Prefixes of the columns that the trees see; all by default.
    net : sequence of str, optional
        Prefixes of the columns that small neural nets see. Their score joins the mean of the
        linear ones; trees do not start from it. None by default.
    alternatives : sequence of mapping, optional
        Each holds other values for some hyperparameters of the linear init and the trees. Nested
        cross-validation selects: the first unless another's held-out log loss is clearly less.
        One that states `min_sets` or `max_sets` is tried only with so many sets that have a choice,
        and one that differs only by columns in which nothing is known, or all is alike, is not.
    optional : sequence of str, optional
        Prefixes of columns that no alternative sees. Where `groups` are several, nested
        cross-validation tells whether the selected one is clearly better in groups that are held
        out when it sees them, too; only then it does. In frames they may be missing or further
        ones be there: what is not known is NaN, and what is not used is left.
    n_bags : int, default=1
        Rankers, and nets, to average, each with its own seed.
    n_folds : int, default=5
        Inner folds by group, for the linear init and the calibration.
    calibration : {None, "auto"}, default=None
        None: probabilities are the softmax of the scores. "auto": temperature scaling for each
        set size and, from 1,000 independent sets on, isotonic regression, both on out-of-fold
        scores.
    item_order : {"content", "given"}, default="content"
        LambdaRank breaks ties by the order of rows. "content" sorts rows by what they contain, so
        that neither their order nor the names of sets matter; "given" keeps the order, as bare
        LightGBM does.
    allow_missing_set_id : bool, default=False
        Treat all rows as one set when `set_id` is not given, instead of raising.
    random_state : int, RandomState instance or None, default=None
        Seed of what is drawn: rows and columns that trees see, principal components of wide
        blocks. Pass an integer for equal results of every fit.
    n_jobs : int, default=1
        Threads of LightGBM.

    Attributes
    ----------
    n_features_in_ : int
        Columns seen in `fit`.
    feature_names_in_ : ndarray of str
        Their names, when `X` was a DataFrame.
    score_ : BoostedScore
        The fitted linear init and trees.
    chosen_ : dict
        The alternative that was selected.
    calibrator_ : WinCalibrator or None
        Turns scores into probabilities; None for the softmax alone.
    out_of_fold_ : ndarray of shape (n_rows,) or None
        Scores from the inner folds, in the order of the rows given to `fit`.
    inner_folds_ : InnerFolds or None
        The models behind them, for `predict_out_of_fold`; not kept in a pickle.

    Notes
    -----
    Labels that are whole numbers from 0 to 30 are graded relevance; any other labels only order
    the rows of their set. A set of one row, or whose labels are all equal, teaches nothing and
    harms nothing. Missing values are allowed.

    Examples
    --------
    >>> import numpy as np
    >>> from prefml.ranking import SetRanker
    >>> X = np.tile([[0.0], [1.0]], (50, 1))
    >>> y = np.tile([0, 1], 50)
    >>> ranker = SetRanker(min_child_samples=1).fit(X, y, set_id=np.repeat(np.arange(50), 2))
    >>> bool(np.diff(ranker.predict([[0.0], [1.0]]))[0] > 0)
    True
    """

    __metadata_request__fit = {  # noqa: RUF012
        "set_id": True, "groups": True, "calibration_weight": True, "cluster_id": True,
        "hashes": True,
    }  # fmt: skip

    def __init__(
        self,
        objective: str = "lambdarank",
        n_estimators: int = 100,
        learning_rate: float = 0.1,
        num_leaves: int = 31,
        min_child_samples: int = 20,
        reg_lambda: float = 0.0,
        colsample_bytree: float = 1.0,
        subsample: float = 1.0,
        subsample_freq: int = 0,
        lgbm_params: Settings | None = None,
        callbacks: Sequence[Callback] | None = None,
        monotone: Mapping[str, int] | None = None,
        compress: Mapping[str, int] | None = None,
        novelty: Sequence[str] | None = None,
        novelty_by: str | None = None,
        linear: Sequence[Sequence[str]] | None = None,
        trees: Sequence[str] | None = None,
        net: Sequence[str] | None = None,
        alternatives: Sequence[Mapping[str, object]] | None = None,
        optional: Sequence[str] | None = None,
        n_bags: int = 1,
        n_folds: int = 5,
        calibration: str | None = None,
        item_order: str = "content",
        allow_missing_set_id: bool = False,
        random_state: Seed = None,
        n_jobs: int = 1,
    ) -> None:
        self.objective = objective
        self.n_estimators = n_estimators
        self.learning_rate = learning_rate
        self.num_leaves = num_leaves
        self.min_child_samples = min_child_samples
        self.reg_lambda = reg_lambda
        self.colsample_bytree = colsample_bytree
        self.subsample = subsample
        self.subsample_freq = subsample_freq
        self.lgbm_params = lgbm_params
        self.callbacks = callbacks
        self.monotone = monotone
        self.compress = compress
        self.novelty = novelty
        self.novelty_by = novelty_by
        self.linear = linear
        self.trees = trees
        self.net = net
        self.alternatives = alternatives
        self.optional = optional
        self.n_bags = n_bags
        self.n_folds = n_folds
        self.calibration = calibration
        self.item_order = item_order
        self.allow_missing_set_id = allow_missing_set_id
        self.random_state = random_state
        self.n_jobs = n_jobs

    def __sklearn_tags__(self) -> Tags:
        """Declare that labels are needed and that NaN is allowed."""
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.input_tags.allow_nan = True
        return tags

    def fit(
        self,
        X: Features,
        y: ArrayLike,
        set_id: ArrayLike | None = None,
        groups: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        eval_set: EvalSet | None = None,
        calibration_weight: ArrayLike | None = None,
        cluster_id: ArrayLike | None = None,
        hashes: ArrayLike | None = None,
    ) -> SetRanker:
        """Fit on choices.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_columns)
            Features, NaN where missing.
        y : array-like of shape (n_rows,)
            Labels: 1 for the chosen row of a set and 0 for the others, or grades.
        set_id : array-like of shape (n_rows,)
            The set of each row.
        groups : array-like of shape (n_rows,), optional
            The project of each row, kept together by the inner folds; each set by itself if not
            given.
        sample_weight : array-like of shape (n_rows,), optional
            Weight of each row.
        eval_set : tuple of (X, y, set_id), optional
            Rows for LightGBM's early stopping.
        calibration_weight : array-like of shape (n_rows,), optional
            Weight of each row in calibration alone, the same in all of a set: the inverse of the
            probability with which the set was drawn, where some are drawn more often than others.
        cluster_id : array-like of shape (n_rows,), optional
            The cluster of each row, the same in all of a set. Sets of one cluster, such as those
            that share pictures, are not independent: they count together where alternatives are
            compared and probabilities calibrated, and stay together in inner folds of one project.
        hashes : array-like of shape (n_rows,), optional
            Perceptual hash of each row's picture, 16 hexadecimal digits. What an inner fold holds
            out is scored without sets of other projects that hold a near duplicate of it.

        Returns
        -------
        SetRanker
            Itself.

        Raises
        ------
        ValueError
            If `set_id` is missing (unless that was allowed), a length is wrong, or a parameter
            is not one of those above.

        Warns
        -----
        UserWarning
            If fewer than three sets have labels that differ: scores then mean nothing for others.
        """
        self._check_parameters()
        X = as_frame(X)
        self.column_index_ = getattr(X, "columns", None)
        rows, labels = validate_data(
            self, X, y, ensure_all_finite="allow-nan", dtype=FLOATS, ensure_min_samples=2
        )
        keys = check_set_id(set_id, len(rows), self.allow_missing_set_id)
        seed = draw_seed(self.random_state)
        names = list(getattr(self, "feature_names_in_", column_names(rows)))

        def fit_design(X: Floats, order: Ints) -> Floats:
            design = Design(self.compress, self.novelty, self.novelty_by, seed)
            self.design_ = design.fit(X, names, order)
            return design.transform(X, order)

        table, order = sort_by_set(
            rows, labels, keys, groups, sample_weight, self.item_order, cluster_id,
            calibration_weight, hashes, fit_design,
        )  # fmt: skip
        warn_of_few_choices(table.grades, table.sets)
        self.columns_ = self.design_.columns_
        several = groups is not None and len(np.unique(np.asarray(groups, object))) > 1
        selection = self._model_selection(table, seed, several)
        self.score_ = selection.fit(self._validation(eval_set))
        self.calibrator_ = None
        self.out_of_fold_: Floats | None = None
        self.inner_folds_: InnerFolds | None = None
        if selection.out_of_fold_ is not None:
            together = None if groups is None else np.asarray(groups)[order]
            self.inner_folds_ = InnerFolds.of(selection, together)
            self.out_of_fold_ = np.empty(len(order))
            self.out_of_fold_[order] = selection.out_of_fold_
            if self.calibration is not None:
                self.calibrator_ = calibrate(table, selection.out_of_fold_)
        return self

    def _model_selection(self, table: Table, seed: int, several_groups: bool) -> ModelSelection:
        changes = _applicable(self.alternatives or ({},), count_choices(table))
        params = self.get_params(deep=False) | {"random_state": seed}
        configs = [make_config(params | change, self.columns_) for change in changes]
        kept = different_configs(configs, table.X)
        tried = [configs[number] for number in kept]
        selection = ModelSelection(tried, table, self.n_folds, self.n_jobs)
        optional = columns_starting_with(self.columns_, self.optional or ())
        offered = several_groups and len(optional) > 0
        if len(tried) > 1 or self.calibration is not None or offered:
            selection.select()
        self.chosen_ = changes[kept[selection.best_]]
        if offered:
            wider = make_config(params | self.chosen_, self.columns_, optional)
            if len(different_configs([tried[selection.best_], wider], table.X)) > 1:
                selection.challenge(wider)
        return selection

    def _check_parameters(self) -> None:
        choices = {"calibration": (None, "auto"), "item_order": ("content", "given")}
        for name, allowed in choices.items():
            if getattr(self, name) not in allowed:
                raise ValueError(f"{name}={getattr(self, name)!r}; expected one of {allowed}")
        known = ALTERABLE | _LIMITS
        unknown = {key for chance in self.alternatives or () for key in chance} - known
        if unknown:
            raise ValueError(f"alternatives change {sorted(unknown)}; expected {sorted(known)}")
        for name, least in (("n_bags", 1), ("n_folds", 2)):
            if getattr(self, name) < least:
                raise ValueError(f"{name}={getattr(self, name)!r}; expected at least {least}")

    def _validation(self, eval_set: EvalSet | None) -> Table | None:
        if eval_set is None:
            return None
        X, y, set_id = eval_set
        rows = self._transform(X)
        return sort_by_set(rows, y, np.asarray(set_id), None, None, self.item_order)[0]

    def predict_out_of_fold(
        self, X: Features, set_id: ArrayLike, groups: ArrayLike | None = None
    ) -> Floats:
        """Score rows that were not fitted on as the rows of `fit` were scored out of fold.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_columns)
            Features of sets that `fit` was not given.
        set_id : array-like of shape (n_rows,)
            The set of each row.
        groups : array-like of shape (n_rows,), optional
            The project of each row; those of `fit` are scored by the model without them.

        Returns
        -------
        ndarray of shape (n_rows,)
            Comparable inside a set only, and like `out_of_fold_` in what it knows.

        Raises
        ------
        ValueError
            If there are no models of inner folds: fitted without them, or read from a file.
        """
        check_is_fitted(self)
        inner: InnerFolds | None = getattr(self, "inner_folds_", None)
        if inner is None:
            raise ValueError("no models of inner folds; expected a ranker fitted here, with folds")
        return inner.predict(self._transform(X), np.asarray(set_id), groups)

    def __getstate__(self) -> dict[str, object]:
        """Leave the models of the inner folds out: nothing predicts with them later."""
        state: dict[str, object] = super().__getstate__()
        return {name: value for name, value in state.items() if name != "inner_folds_"}


def _applicable(
    alternatives: Sequence[Mapping[str, object]], n_sets: int
) -> list[dict[str, object]]:
    """Return the alternatives for so many sets, without what says for how many they are."""
    found = []
    for one in alternatives:
        least, most = (one.get(name, n_sets) for name in ("min_sets", "max_sets"))
        if isinstance(least, int) and isinstance(most, int) and least <= n_sets <= most:
            found.append({name: value for name, value in one.items() if name not in _LIMITS})
    return found or [{}]
