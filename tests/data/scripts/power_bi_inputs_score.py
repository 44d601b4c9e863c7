import logging
import os

import azureml.automl.core
import joblib
import numpy as np
import pandas as pd
from azureml.automl.core.shared import log_server, logging_utilities
from azureml.telemetry import INSTRUMENTATION_KEY
from inference_schema.parameter_types.numpy_parameter_type import NumpyParameterType
from inference_schema.parameter_types.pandas_parameter_type import PandasParameterType
from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType
from inference_schema.schema_decorators import input_schema, output_schema

data_sample = PandasParameterType(pd.DataFrame({"age": pd.Series([31.5], dtype="float64"), "town": pd.Series(["a"], dtype="object")}))
input_sample = StandardPythonParameterType({'data': data_sample})
method_sample = StandardPythonParameterType("predict")
global_parameters_sample = StandardPythonParameterType({"method": method_sample})
output_sample = StandardPythonParameterType({'Results': NumpyParameterType(np.array([0]))})

try:
    log_server.enable_telemetry(INSTRUMENTATION_KEY)
    log_server.set_verbosity('INFO')
    logger = logging.getLogger('azureml.automl.core.scoring_script_v2')
except:
    pass


def init():
    global model
    path = os.path.join(os.getenv('AZUREML_MODEL_DIR'), 'model.pkl')
    try:
        logger.info("Loading model from path.")
        model = joblib.load(path)
        logger.info("Loading successful.")
    except Exception as e:
        logging_utilities.log_traceback(e, logger)
        raise


@input_schema('GlobalParameters', global_parameters_sample, convert_to_provided_type=False)
@input_schema('Inputs', input_sample)
@output_schema(output_sample)
def run(Inputs, GlobalParameters={"method": "predict"}):
    data = Inputs['data']
    if GlobalParameters.get("method", None) == "predict_proba":
        result = model.predict_proba(data)
    elif GlobalParameters.get("method", None) == "predict":
        result = model.predict(data)
    else:
        raise Exception(f"Invalid predict method argument received. GlobalParameters: {GlobalParameters}")
    return {'Results': result.tolist()}
