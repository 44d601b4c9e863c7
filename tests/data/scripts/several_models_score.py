import json
import os
import pickle

from azureml.core.model import Model
from azureml.exceptions import WebserviceException


def load(path):
    with open(path, 'rb') as file:
        return pickle.load(file)


def init():
    global first, newest, shift, spare
    first = load(Model.get_model_path('slope', version=1))
    newest = load(Model.get_model_path(model_name='slope'))
    # the second way: below AZUREML_MODEL_DIR, a folder for each name and version; this model is a folder of files
    shift = load(os.path.join(os.environ['AZUREML_MODEL_DIR'], 'shift', '1', 'net', 'shift.pkl'))
    try:
        spare = load(Model.get_model_path('spare'))
    except WebserviceException as e:
        spare = None


def run(raw_data):
    x = json.loads(raw_data)['x']
    return {"first": first * x, "newest": newest * x + shift, "spare": spare}
