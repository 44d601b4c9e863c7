"""The same for clients that send and take arrays: what the model returns is returned."""

import joblib
import numpy as np
from inference_schema.parameter_types.numpy_parameter_type import NumpyParameterType
from inference_schema.schema_decorators import input_schema, output_schema


def init():
    global model
    model = joblib.load("ridge.pkl")


@input_schema("data", NumpyParameterType(np.zeros((2, 10))))
@output_schema(NumpyParameterType(np.zeros(2)))
def run(data):
    return model.predict(data)
