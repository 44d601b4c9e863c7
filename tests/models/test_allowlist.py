from __future__ import annotations

import datetime
import importlib
import inspect as inspection
import pickle
import pkgutil
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import sklearn
import skops.io
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor, make_column_selector
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier, VotingClassifier
from sklearn.feature_selection import SelectKBest, mutual_info_classif
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import f1_score, make_scorer
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.svm import SVC
from sklearn.utils import all_estimators

from jupyter_deploy.models.allowlist import is_allowed, outside, read_trusted
from jupyter_deploy.models.pickle_values import GlobalName
from jupyter_deploy.models.pickles import inspect


def refused(value: object, folder: Path) -> set[str]:
    """The names outside the list in what pickle, joblib and, where it can, skops write for a value."""
    path = folder / "value.pkl"
    found: set[GlobalName] = set()
    for protocol in (2, pickle.DEFAULT_PROTOCOL):
        path.write_bytes(pickle.dumps(value, protocol))
        found |= inspect(path).names
    joblib.dump(value, path)
    found |= inspect(path).names
    try:
        skops.io.dump(value, path)
    except Exception:  # not all values can it write
        return set(outside(found, ()))
    found |= inspect(path).names
    return set(outside(found, ()))


def fitted(kind: type[Any]) -> Any:
    features, target = make_classification(30, 4, n_informative=3, n_redundant=0, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            estimator = kind()
        except TypeError:
            return None  # it is made from other estimators
        try:
            return estimator.fit(np.abs(features), target)
        except (ValueError, AttributeError, TypeError, IndexError):
            return estimator  # it wants other data; what it is made with is tested nevertheless


@pytest.mark.parametrize("kind", ["classifier", "regressor", "cluster", "transformer"])
def test_every_estimator_of_scikit_learn_is_allowed(kind: str, tmp_path: Path) -> None:
    estimators = [estimator for _, estimator in all_estimators(kind)]
    assert len(estimators) > 10
    assert {kind.__name__: names for kind in estimators if (names := refused(fitted(kind), tmp_path))} == {}


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "number": np.arange(30.0),
            "text": ["a", "b", "c"] * 10,
            "category": pd.Categorical(["u", "v", "u"] * 10),
            "day": pd.date_range("2020", periods=30),
            "whole": pd.array([1, None, 3] * 10, dtype="Int64"),
        }
    )


def test_compositions_of_estimators_are_allowed(frame: pd.DataFrame, tmp_path: Path) -> None:
    target = np.array([0, 1, 1] * 10)
    columns = ColumnTransformer([
        ("numbers", StandardScaler(), make_column_selector(dtype_include=float)),
        ("rest", OneHotEncoder(), ["text", "category"]),
    ])  # fmt: skip
    numbers = frame[["number"]]
    forests = GridSearchCV(
        RandomForestClassifier(3), {"max_depth": [1, 2]}, scoring=make_scorer(f1_score), cv=StratifiedKFold(3)
    )
    votes = VotingClassifier([("trees", KNeighborsClassifier(algorithm="ball_tree")), ("svm", SVC())])
    composed = [
        make_pipeline(columns, GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}, cv=3)).fit(frame, target),
        forests.fit(numbers, target),
        make_pipeline(SelectKBest(mutual_info_classif, k=1), votes).fit(numbers, target),
        CalibratedClassifierCV(KNeighborsClassifier(metric="manhattan", algorithm="kd_tree"), cv=3).fit(
            numbers, target
        ),
        TransformedTargetRegressor(Ridge(), func=np.log1p, inverse_func=np.expm1).fit(numbers, target),
        make_pipeline(FunctionTransformer(np.sqrt), Ridge()).fit(numbers, target),
    ]
    assert [names for model in composed if (names := refused(model, tmp_path))] == []


def test_values_of_numpy_scipy_and_pandas_are_allowed(frame: pd.DataFrame, tmp_path: Path) -> None:
    values: list[object] = [
        frame, frame["text"], frame.set_index(["text", "number"]), frame.set_index("day"), frame.groupby("text").sum(numeric_only=True),
        *(scipy.sparse.eye_array(3, format=form) for form in ("csr", "csc", "coo", "lil", "dok", "bsr", "dia")),
        scipy.sparse.csr_matrix(np.eye(2)),
        np.ma.array([1, 2], mask=[False, True]), np.array(["a", None], dtype=object), np.array(["2020"], dtype="M8[D]"),
        np.random.default_rng(1), np.random.RandomState(1), np.float32(1), np.rec.array([(1, 2)]),
        datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc), {1, 2}, frozenset([1]), slice(1), 1j, bytearray(b"1"),
    ]  # fmt: skip
    assert [names for value in values if (names := refused(value, tmp_path))] == []


def test_weights_alone_of_torch_are_allowed() -> None:
    checkpoint = Path(__file__).parents[1] / "data" / "torch" / "checkpoint.pt"  # written by torch 2.13
    names = inspect(checkpoint).names
    assert {"torch.FloatStorage", "torch.HalfStorage", "torch._utils._rebuild_parameter"} <= set(map(str, names))
    assert outside(names, ()) == ()


@pytest.mark.parametrize(
    "name",
    [
        "os.system", "posix.system", "subprocess.Popen", "builtins.eval", "builtins.exec", "builtins.getattr",
        "builtins.type", "builtins.__import__", "functools.partial", "operator.attrgetter", "operator.methodcaller",
        "joblib.load", "importlib.import_module", "joblib.numpy_pickle.load", "numpy.load",
        "numpy.testing._private.utils.runstring", "numpy.core._ufunc_reconstruct", "numpy._core._ufunc_reconstruct",
        "pandas.read_pickle", "scipy.stats._distn_infrastructure.rv_continuous_frozen", "sklearn.utils.fixes.os",
        "sklearn.datasets._base.Path", "sklearn.datasets.fetch_openml", "sklearn.base.os.system",
        "sklearn.externals.joblib.load", "sklearn.linear_model.tests.test_base.Anything",
        "sklearn.utils._testing.TempMemmap", "torch.load", "torch.storage._load_from_bytes", "torch.jit.load",
        "torch.nn.modules.linear.Linear", "torch._utils.torch", "__main__.Model", "unknown", "unreadable",
    ],
)  # fmt: skip
def test_names_that_can_do_harm_are_not_allowed(name: str) -> None:
    module, _, attribute = name.rpartition(".")
    assert not is_allowed(GlobalName(module, attribute))


def test_a_dotted_name_does_not_reach_through_an_allowed_module() -> None:
    assert not is_allowed(GlobalName("sklearn.base", "BaseEstimator.__init__"))
    assert not is_allowed(GlobalName("sklearn.tree._export", "StringIO.os.system"))


def modules_of_sklearn() -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(sklearn.__path__, "sklearn."):
        if (
            found.name.split(".")[1] not in ("conftest", "experimental", "externals", "datasets", "_build_utils")
            and ".tests" not in found.name
        ):
            yield importlib.import_module(found.name)


HARMLESS = (
    "sklearn.",
    "numpy",
    "abc",
    "collections",
    "numbers",
    "typing",
    "_io",
    "_loss",  # how scikit-learn's compiled losses called their module before 1.8
    "scipy.interpolate._bsplines",
    "scipy.sparse._base",
)


@pytest.mark.filterwarnings("ignore::FutureWarning")  # of modules of scikit-learn that are on their way out
def test_the_rule_for_estimator_modules_reaches_nothing_but_harmless_classes_and_constants() -> None:
    """A module's attributes are also what it imports; none of those may be a way out."""
    reached = 0
    for module in modules_of_sklearn():
        for attribute, value in vars(module).items():
            if not is_allowed(GlobalName(module.__name__, attribute)):
                continue
            reached += 1
            origin = getattr(value, "__module__", None)
            assert inspection.isclass(value) or callable(value) or origin is None or origin.startswith("sklearn."), (
                attribute
            )
            assert origin is None or origin.startswith(HARMLESS), f"{module.__name__}.{attribute} is from {origin}"
            assert not isinstance(value, ModuleType), f"{module.__name__}.{attribute}"
    assert reached > 500


def test_the_user_s_list_is_read_from_a_file(tmp_path: Path) -> None:
    assert read_trusted(tmp_path / "trusted.txt") == frozenset()
    (tmp_path / "trusted.txt").write_text("# mine\nmy.Model\n\n other.thing  # because\n")
    assert read_trusted(tmp_path / "trusted.txt") == {"my.Model", "other.thing"}
    names = [GlobalName("my", "Model"), GlobalName("os", "system"), GlobalName("numpy", "dtype")]
    assert outside(names, {"my.Model"}) == ("os.system",)
