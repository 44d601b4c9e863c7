"""One live object for each framework, fitted on the same few rows, and how its file is loaded and asked where no notebook is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

ROWS = np.random.default_rng(0).normal(size=(60, 3)).round(3)
TARGET = ROWS @ np.array([1.0, -2.0, 0.5])
CLASSES = np.where(TARGET > 0, "yes", "no")


@dataclass(frozen=True)
class Example:
    """A live object.

    Attributes
    ----------
    make : fits it. file, framework : under which it is registered.
    predict : what it answers in the notebook, as lists.
    load : code that answers from the file ``path`` for ``rows``.
    """

    make: Callable[[], Any]
    file: str
    framework: str | None
    load: str
    predict: Callable[[Any], Any] = lambda model: model.predict(ROWS).tolist()


def _ridge() -> Any:
    from sklearn.linear_model import Ridge

    return Ridge().fit(ROWS, TARGET)


def _pipeline() -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, StandardScaler

    return make_pipeline(FunctionTransformer(lambda rows: rows * 2), StandardScaler(), LogisticRegression()).fit(
        ROWS, CLASSES
    )


def _lightgbm_booster() -> Any:
    import lightgbm

    return lightgbm.train({"verbose": -1, "min_data_in_leaf": 2}, lightgbm.Dataset(ROWS, TARGET), 5)


def _lightgbm_classifier() -> Any:
    import lightgbm

    return lightgbm.LGBMClassifier(n_estimators=5, min_child_samples=2, verbose=-1).fit(ROWS, CLASSES)


def _xgboost_booster() -> Any:
    import xgboost

    return xgboost.train({"max_depth": 2}, xgboost.DMatrix(ROWS, TARGET), 5)


def _xgboost_classifier() -> Any:
    import xgboost

    return xgboost.XGBClassifier(n_estimators=5, max_depth=2).fit(ROWS, (CLASSES == "yes").astype(int))


def _onnx() -> Any:
    from skl2onnx import to_onnx

    return to_onnx(_ridge(), ROWS[:1].astype(np.float32))


def _onnx_answer(model: Any) -> Any:
    import onnxruntime

    session = onnxruntime.InferenceSession(model.SerializeToString())
    return session.run(None, {"X": ROWS.astype(np.float32)})[0].tolist()


NOTEBOOK = """
import numpy as np
from statistics import mean

class Doubler:
    def __init__(self, factor):
        self.factor = factor

    def predict(self, rows):
        return shifted(np.asarray(rows).sum(axis=1) * self.factor)

def shifted(values):
    import packaging

    return values + mean([1, 2])
"""


def of_notebook(name: str = "Doubler(2.0)", code: str = NOTEBOOK) -> Any:
    """What an expression gives in a notebook that has run some code: its classes and functions are those of ``__main__``."""
    variables: dict[str, Any] = {"__name__": "__main__"}
    exec(code, variables)  # noqa: S102  (what a kernel does)
    return eval(name, variables)  # noqa: S307


EXAMPLES = {
    "scikit-learn": Example(
        _ridge, "model.skops", "ScikitLearn", "import skops.io as s; answer = s.load(path, trusted=[]).predict(rows)"
    ),
    "scikit-learn with a lambda": Example(
        _pipeline, "model.pkl", "ScikitLearn", "import joblib; answer = joblib.load(path).predict(rows)"
    ),
    "LightGBM booster": Example(
        _lightgbm_booster, "model.txt", "LightGBM",
        "import lightgbm; answer = lightgbm.Booster(model_file=path).predict(rows)",
    ),
    "LightGBM estimator": Example(
        _lightgbm_classifier, "model.joblib", "LightGBM", "import joblib; answer = joblib.load(path).predict(rows)"
    ),
    "XGBoost booster": Example(
        _xgboost_booster, "model.ubj", "XGBoost",
        "import xgboost as x; answer = x.Booster(model_file=path).predict(x.DMatrix(rows))",
        lambda model: _of_xgboost(model),
    ),
    "XGBoost estimator": Example(
        _xgboost_classifier, "model.ubj", "XGBoost",
        "import xgboost; model = xgboost.XGBClassifier(); model.load_model(path); answer = model.predict(rows)",
    ),
    "ONNX": Example(
        _onnx, "model.onnx", "Onnx",
        "import onnxruntime as o; answer = o.InferenceSession(path).run(None, {'X': rows.astype('float32')})[0]",
        _onnx_answer,
    ),
    "plain Python": Example(
        of_notebook, "model.pkl", None,
        "import pickle; answer = pickle.load(open(path, 'rb')).predict(rows)",
    ),
}  # fmt: skip


def _of_xgboost(model: Any) -> Any:
    import xgboost

    return model.predict(xgboost.DMatrix(ROWS)).tolist()
