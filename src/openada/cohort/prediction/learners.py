"""What learns: one pipeline per name, in which everything that is fitted is a step.

Missing values (the training median), adjustment for covariates, scaling, selection of features and, for classes, resampling are
steps of the pipeline that is cross-validated, so that no one who is tested takes part in any of them. The released code of Faces
of the Mind did all of this before its split.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from openada.cohort.prediction.targets import Task
from openada.errors import UnusableInput

Balance = Literal["none", "undersample"]
KEPT = (10, 40)
"""How many features selection may keep; which of these is chosen by inner folds. 0: all."""
CONSTANT, DEMOGRAPHICS = "constant", "demographics alone"
REFERENCES = (CONSTANT, DEMOGRAPHICS)


class Learner(NamedTuple):
    """`make(task, seed)` gives the unfitted estimator; `grid`: its parameters and the values that inner folds choose from."""

    make: Callable[[Task, int], Any]
    grid: Mapping[str, Sequence[Any]]


def _linear(task: Task, seed: int) -> Any:
    from sklearn.linear_model import LogisticRegression, Ridge

    return Ridge() if task == "regression" else LogisticRegression(max_iter=2000)


def _tree(task: Task, **settings: Any) -> Any:
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    return (DecisionTreeRegressor if task == "regression" else DecisionTreeClassifier)(**settings)


def _of_ensemble(regressor: str, classifier: str, **settings: Any) -> Callable[[Task, int], Any]:
    def make(task: Task, seed: int) -> Any:
        import sklearn.ensemble as ensembles

        return getattr(ensembles, regressor if task == "regression" else classifier)(random_state=seed, **settings)

    return make


def _adaboost(task: Task, seed: int) -> Any:
    tree = _tree(task, max_depth=1)
    make = _of_ensemble("AdaBoostRegressor", "AdaBoostClassifier", n_estimators=100, learning_rate=0.5, estimator=tree)
    return make(task, seed)


def _bagging(task: Task, seed: int) -> Any:
    return _of_ensemble("BaggingRegressor", "BaggingClassifier", n_estimators=100, estimator=_tree(task))(task, seed)


def _xgboost(task: Task, seed: int) -> Any:
    try:
        import xgboost
    except ImportError as absent:
        raise UnusableInput("xgboost is not installed: pip install 'openada[xgboost]', or leave it out") from absent
    make = xgboost.XGBRegressor if task == "regression" else xgboost.XGBClassifier
    return make(n_estimators=150, learning_rate=0.05, tree_method="hist", n_jobs=1, random_state=seed)


_LEAVES = {"min_samples_leaf": (5, 25)}
LEARNERS: dict[str, Learner] = {
    "linear": Learner(_linear, {}),
    "adaboost": Learner(_adaboost, {"estimator__max_depth": (1, 2)}),
    "random-forest": Learner(
        _of_ensemble("RandomForestRegressor", "RandomForestClassifier", n_estimators=200, n_jobs=1), _LEAVES
    ),
    "extra-trees": Learner(
        _of_ensemble("ExtraTreesRegressor", "ExtraTreesClassifier", n_estimators=200, n_jobs=1), _LEAVES
    ),
    "gradient-boosting": Learner(
        _of_ensemble(
            "HistGradientBoostingRegressor",
            "HistGradientBoostingClassifier",
            max_iter=100,
            learning_rate=0.05,
            early_stopping=False,
        ),
        {"max_leaf_nodes": (4, 16)},
    ),
    "bagging": Learner(_bagging, {"estimator__min_samples_leaf": (5, 25)}),
    "xgboost": Learner(_xgboost, {"max_depth": (2, 4)}),
}
DEFAULT = ("linear", "adaboost", "random-forest", "extra-trees", "gradient-boosting", "bagging")
_PENALTIES = {"regression": ("alpha", (10.0, 1000.0)), "classes": ("C", (0.001, 0.1))}


def pipeline(
    name: str,
    task: Task,
    *,
    n_covariates: int = 0,
    keep: Sequence[int] = KEPT,
    balance: Balance = "none",
    bag: int = 0,
    seed: int = 0,
) -> tuple[Any, dict[str, list[Any]]]:
    """An unfitted pipeline on (n, d + n_covariates), the covariates last, and the grid that inner folds choose from.

    Steps: impute, adjust, scale, drop what does not vary, select by F, learn. bag: that many copies of the learner on resampled
    people, averaged. Of the references, `CONSTANT` (the training mean or largest class) and `DEMOGRAPHICS` (a linear model of the
    covariates, to be given alone) have no selection. Raises UnusableInput for an unknown name and for XGBoost where it is absent.
    """
    from sklearn.dummy import DummyClassifier, DummyRegressor
    from sklearn.feature_selection import SelectKBest, VarianceThreshold, f_classif, f_regression
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import StandardScaler

    from openada.cohort.prediction.pipeline_parts import Residualised, Undersampled

    if name == CONSTANT:
        dummy = DummyRegressor() if task == "regression" else DummyClassifier(strategy="most_frequent")
        return Pipeline([("model", dummy)]), {}
    of = LEARNERS.get("linear" if name == DEMOGRAPHICS else name)
    if of is None:
        raise UnusableInput(f"no learner is called {name!r}: choose from {', '.join(LEARNERS)}")
    if not keep or min(keep) < 0:
        raise UnusableInput(f"keep {list(keep)}: give how many features may be kept, such as 10 40; 0: all")
    model, prefix = of.make(task, seed), "model__"
    if bag and name not in REFERENCES:
        wrap = _of_ensemble("BaggingRegressor", "BaggingClassifier", n_estimators=bag, estimator=model)
        model, prefix = wrap(task, seed), prefix + "estimator__"
    if balance == "undersample" and task != "regression":
        model, prefix = Undersampled(model, seed), prefix + "estimator__"
    steps = [
        ("impute", SimpleImputer(strategy="median", keep_empty_features=True)),
        ("adjust", Residualised(n_covariates)),
        ("scale", StandardScaler()),
        ("vary", VarianceThreshold(1e-6)),
    ]
    grid: dict[str, list[Any]] = {f"{prefix}{key}": list(values) for key, values in of.grid.items()}
    if of.make is _linear:
        key, values = _PENALTIES["regression" if task == "regression" else "classes"]
        grid[f"{prefix}{key}"] = list(values)
    if name != DEMOGRAPHICS:
        steps.append(("select", SelectKBest(f_regression if task == "regression" else f_classif)))
        grid["select__k"] = ["all" if k == 0 else k for k in keep]
    return Pipeline([*steps, ("model", model)]), grid
