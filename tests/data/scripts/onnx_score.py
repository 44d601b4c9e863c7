import json
import os
import time

import numpy as np
import onnxruntime


def init():
    global session, input_name
    model_path = os.path.join(os.getenv('AZUREML_MODEL_DIR'), 'iris.onnx')
    session = onnxruntime.InferenceSession(model_path, None)
    input_name = session.get_inputs()[0].name


def preprocess(body):
    # JSON text -> tensor
    return np.array(json.loads(body)['data']).astype('float32')


def postprocess(scores):
    return [int(index) for index in np.argmax(scores, axis=1)]


def run(body):
    try:
        rows = preprocess(body)
        began = time.time()
        labels, scores = session.run(None, {input_name: rows})
        answer = {"result": postprocess(scores), "scores": scores.tolist(), "time_in_sec": time.time() - began}
    except Exception as e:
        answer = {"error": str(e)}
    return json.dumps(answer)
