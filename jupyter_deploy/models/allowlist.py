"""The names that a pickle may import without being asked about: what the usual libraries write for their own objects.

Loading a pickle calls what it names with arguments of its author's choice. So a name is listed only where no such call
can do more than make a value: functions and single classes by their exact names, and classes of modules that define
estimators by a rule. Whole packages are never listed, because every large one has a function that runs or imports
something (``numpy.testing._private.utils.runstring``, ``pandas.read_pickle``, ``joblib.load``). Left out on purpose:

* ``scipy.stats`` distributions, which execute a text from their own state when they are loaded;
* numpy's ``_ufunc_reconstruct``, which imports any name it is given;
* ``functools.partial`` and ``operator``'s getters, with which harmless names make harmful ones.

The list is kept by the package and, in a workspace's ``trusted.txt``, by its user; never by what is being loaded.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from pathlib import Path

from jupyter_deploy.models.pickle_values import GlobalName

_SPARSE = ("bsr", "coo", "csc", "csr", "dia", "dok", "lil")
_CORES = ("numpy.core", "numpy._core")  # before and since numpy 2

_EXACT: dict[str, str] = {
    "_codecs": "encode",
    "_loss": "CyAbsoluteError CyExponentialLoss CyHalfBinomialLoss CyHalfGammaLoss CyHalfMultinomialLoss"
    " CyHalfPoissonLoss CyHalfSquaredError CyHalfTweedieLoss CyHalfTweedieLossIdentity CyHuberLoss CyPinballLoss",
    "builtins": "bool bytearray bytes complex dict float frozenset int list object range set slice str tuple",
    "collections": "Counter OrderedDict defaultdict deque",
    "copyreg": "_reconstructor",
    "datetime": "date datetime time timedelta timezone",
    "decimal": "Decimal",
    "fractions": "Fraction",
    "joblib.numpy_pickle": "NumpyArrayWrapper",
    "lightgbm.basic": "Booster",
    "numpy": "dtype matrix ndarray record bool bool_ bytes_ str_ object_ void datetime64 timedelta64"
    " int8 int16 int32 int64 uint8 uint16 uint32 uint64 intc uintc longlong ulonglong"
    " float16 float32 float64 longdouble complex64 complex128"
    " abs absolute cbrt ceil cos cosh exp exp2 expm1 floor log log10 log1p log2 negative reciprocal rint sign sin sinh"
    " sqrt square tan tanh max mean median min sum std var",
    **{f"{core}.multiarray": "_reconstruct scalar" for core in _CORES},
    **{f"{core}.numeric": "_frombuffer" for core in _CORES},
    **{f"{core}.records": "recarray record" for core in _CORES},
    "numpy.ma": "MaskedArray",
    "numpy.ma.core": "MaskedArray _mareconstruct",
    "numpy.matrixlib.defmatrix": "matrix",
    "numpy.random": "Generator MT19937 PCG64 PCG64DXSM Philox RandomState SFC64 SeedSequence",
    "numpy.random._generator": "Generator",
    "numpy.random._mt19937": "MT19937",
    "numpy.random._pcg64": "PCG64 PCG64DXSM",
    "numpy.random._philox": "Philox",
    "numpy.random._pickle": "__bit_generator_ctor __generator_ctor __randomstate_ctor",
    "numpy.random._sfc64": "SFC64",
    "numpy.random.bit_generator": "SeedSequence __pyx_unpickle_SeedSequence",
    "numpy.random.mtrand": "RandomState",
    "numpy.rec": "recarray",
    "pandas": "Categorical CategoricalDtype CategoricalIndex DataFrame DatetimeIndex DatetimeTZDtype Index Interval"
    " IntervalDtype IntervalIndex MultiIndex Period PeriodDtype PeriodIndex RangeIndex Series StringDtype Timedelta"
    " TimedeltaIndex Timestamp BooleanDtype Float32Dtype Float64Dtype Int8Dtype Int16Dtype Int32Dtype Int64Dtype"
    " UInt8Dtype UInt16Dtype UInt32Dtype UInt64Dtype",
    "pandas._libs.arrays": "__pyx_unpickle_NDArrayBacked",
    "pandas._libs.internals": "_unpickle_block",
    "pandas._libs.tslibs.timedeltas": "Timedelta _timedelta_unpickle",
    "pandas._libs.tslibs.timestamps": "Timestamp _unpickle_timestamp",
    "pandas.arrays": "ArrowStringArray BooleanArray DatetimeArray FloatingArray IntegerArray IntervalArray NumpyExtensionArray PeriodArray"
    " StringArray TimedeltaArray",
    "pandas.core.arrays.boolean": "BooleanArray BooleanDtype",
    "pandas.core.arrays.categorical": "Categorical",
    "pandas.core.arrays.datetimes": "DatetimeArray",
    "pandas.core.arrays.floating": "Float32Dtype Float64Dtype FloatingArray",
    "pandas.core.arrays.integer": "Int8Dtype Int16Dtype Int32Dtype Int64Dtype IntegerArray UInt8Dtype UInt16Dtype"
    " UInt32Dtype UInt64Dtype",
    "pandas.core.arrays.string_": "StringArray StringDtype",
    "pandas.core.arrays.timedeltas": "TimedeltaArray",
    "pandas.core.dtypes.dtypes": "CategoricalDtype DatetimeTZDtype IntervalDtype PeriodDtype",
    "pandas.core.frame": "DataFrame",
    "pandas.core.indexes.base": "Index _new_Index",
    "pandas.core.indexes.category": "CategoricalIndex",
    "pandas.core.indexes.datetimes": "DatetimeIndex _new_DatetimeIndex",
    "pandas.core.indexes.interval": "IntervalIndex",
    "pandas.core.indexes.multi": "MultiIndex",
    "pandas.core.indexes.period": "PeriodIndex _new_PeriodIndex",
    "pandas.core.indexes.range": "RangeIndex",
    "pandas.core.indexes.timedeltas": "TimedeltaIndex",
    "pandas.core.internals.managers": "BlockManager SingleBlockManager",
    "pandas.core.series": "Series",
    "pyarrow.lib": "_restore_array chunked_array py_buffer type_for_alias",
    "scipy._lib.array_api_compat.numpy._aliases": "asarray",
    "scipy.interpolate._bsplines": "BSpline _BSpline",
    "scipy.interpolate._interpolate": "interp1d",
    **{f"scipy.sparse._{kind}": f"{kind}_array {kind}_matrix" for kind in _SPARSE},
    **{f"scipy.sparse.{kind}": f"{kind}_matrix" for kind in _SPARSE},
    "sklearn.cluster._kmeans": "_kmeans_single_elkan _kmeans_single_lloyd",
    "sklearn.compose._column_transformer": "make_column_selector",
    "sklearn.feature_selection._mutual_info": "mutual_info_classif mutual_info_regression",
    "sklearn.feature_selection._univariate_selection": "chi2 f_classif f_oneway f_regression r_regression",
    **{f"sklearn.{name}": "newObj" for name in ("metrics._dist_metrics", "neighbors._ball_tree", "neighbors._kd_tree")},
    "sklearn.tree._utils": "PriorityHeap WeightedPQueue",
    "sklearn.utils": "Bunch",
    "sklearn.utils._bunch": "Bunch",
    "sklearn.utils._metadata_requests": "MetadataRequest MethodMetadataRequest",
    # weights of PyTorch, as a state_dict is saved, and what stands in TorchScript for the types of its own; modules have code, and are
    # asked about
    "torch": "Size Tensor bfloat16 bool complex128 complex64 device float16 float32 float64 int16 int32 int64 int8 uint8"
    " BFloat16Storage BoolStorage ByteStorage CharStorage ComplexDoubleStorage ComplexFloatStorage DoubleStorage"
    " FloatStorage HalfStorage IntStorage LongStorage ShortStorage",
    "torch._tensor": "_rebuild_from_type_v2",  # calls what it is given, which is a name of the pickle's own
    "torch._utils": "_rebuild_parameter _rebuild_tensor_v2",
    "torch.jit._pickle": "build_boollist build_doublelist build_intlist build_tensorlist restore_type_tag",
    "torch.storage": "UntypedStorage",
    "xgboost.core": "Booster",
}
_NAMES = frozenset(f"{module}.{name}" for module, names in _EXACT.items() for name in names.split())

_OF_TORCHSCRIPT = "__torch__"  # where TorchScript keeps its own classes; no module of Python

_ESTIMATOR_MODULE = re.compile(
    r"(?:sklearn\.(?:_loss|base|calibration|cluster|compose|covariance|cross_decomposition|decomposition"
    r"|discriminant_analysis|dummy|ensemble|feature_extraction|feature_selection|frozen|gaussian_process|impute|isotonic"
    r"|kernel_approximation|kernel_ridge|linear_model|manifold|metrics|mixture|model_selection|multiclass|multioutput"
    r"|naive_bayes|neighbors|neural_network|pipeline|preprocessing|random_projection|semi_supervised|svm|tree)"
    r"(?:\.(?!tests\b)\w+)*"
    r"|lightgbm\.sklearn|xgboost\.sklearn)"
)
_CLASS_NAME = re.compile(r"_{0,2}[A-Z][A-Za-z0-9_]*")  # no dots: a dotted name reaches into what a module has imported
_SCORE_MODULE = re.compile(r"sklearn\.metrics(?:\.\w+)*")
_SCORE_NAME = re.compile(
    r"[a-z][a-z0-9_]*_(?:coef|coefficient|deviance|error|loss|score|similarity)|_passthrough_scorer"
)


def is_allowed(name: GlobalName) -> bool:
    """Whether a pickle may import this without being asked about."""
    if str(name) in _NAMES or name.module.partition(".")[0] == _OF_TORCHSCRIPT:
        return True
    if _ESTIMATOR_MODULE.fullmatch(name.module) and _CLASS_NAME.fullmatch(name.name):
        return True
    return bool(_SCORE_MODULE.fullmatch(name.module) and _SCORE_NAME.fullmatch(name.name))


def outside(names: Iterable[GlobalName], trusted: Collection[str]) -> tuple[str, ...]:
    """Of these names those that neither the package nor the user trusts, sorted, as ``module.name``."""
    return tuple(sorted(str(name) for name in names if not is_allowed(name) and str(name) not in trusted))


def read_trusted(file: Path) -> frozenset[str]:
    """The user's own list: one name per line, ``#`` begins a comment; empty where there is no file."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return frozenset()
    return frozenset(name for name in (line.partition("#")[0].strip() for line in lines) if name)
