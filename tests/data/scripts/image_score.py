import io
import json

import joblib
import numpy as np
from azureml.contrib.services.aml_request import AMLRequest, rawhttp
from azureml.contrib.services.aml_response import AMLResponse
from azureml.core.model import Model
from PIL import Image, UnidentifiedImageError


def init():
    print("This is init()")
    global model
    model = joblib.load(Model.get_model_path('digits'))


def pixels(image):
    # 8 x 8 grey values from 0 to 16, as the model was trained on
    return np.asarray(image.convert('L').resize((8, 8)), dtype=float).reshape(1, 64) / 255 * 16


@rawhttp
def run(request):
    print("This is run()")
    print("Request: [{0}]".format(request))
    if request.method == 'GET':
        # For this example, just return the URL for GETs.
        return AMLResponse(str.encode(request.full_path), 200)
    elif request.method == 'OPTIONS':
        answer = AMLResponse("", 200)
        answer.headers["Allow"] = "OPTIONS, GET, POST"
        return answer
    elif request.method == 'POST':
        body = request.files['image'] if 'image' in request.files else io.BytesIO(request.get_data(False))
        try:
            image = Image.open(body)
        except UnidentifiedImageError:
            return AMLResponse("not an image", 400)
        if request.args.get('return') == 'thumbnail':
            thumbnail = io.BytesIO()
            image.resize((2, 2)).save(thumbnail, 'PNG')
            return AMLResponse(thumbnail.getvalue(), 200, {"Content-Type": "image/png"})
        answer = AMLResponse(json.dumps({"digit": int(model.predict(pixels(image))[0]), "size": image.size}), 200)
        answer.headers["X-Model"] = "digits"
        return answer
    else:
        return AMLResponse("bad request", 500)
