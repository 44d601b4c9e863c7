import json
import os

import joblib
from azureml.core.model import Model
from churn.features import to_rows
from columns import COLUMNS

here = os.path.dirname(os.path.abspath(__file__))


def init():
    global model, limits
    model = joblib.load(Model.get_model_path('churn'))
    with open(os.path.join(here, 'limits.json')) as file:
        limits = json.load(file)


def run(raw_data):
    rows = to_rows(json.loads(raw_data)['data'], COLUMNS)
    return [min(max(value, limits['low']), limits['high']) for value in model.predict(rows).tolist()]
