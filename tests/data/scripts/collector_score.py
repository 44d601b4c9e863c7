import json
import os

import joblib
import numpy as np
from azureml.core.model import Model
from azureml.monitoring import ModelDataCollector


def init():
    global model, inputs_dc, prediction_dc
    model = joblib.load(os.path.join(os.getenv('AZUREML_MODEL_DIR'), 'ridge.pkl'))
    inputs_dc = ModelDataCollector("ridge", designation="inputs", feature_names=["feat1", "feat2", "feat3"])
    prediction_dc = ModelDataCollector("ridge", identifier="predictions", feature_names=["prediction"])


def run(raw_data):
    data = np.array(json.loads(raw_data)["data"])
    result = model.predict(data)
    correlations = inputs_dc.collect(data)
    prediction_dc.collect(prediction_dc.add_correlations(result, correlations))
    return result.tolist()
