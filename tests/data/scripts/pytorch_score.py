import json
import os

import torch
import torch.nn as nn

CLASSES = ['chicken', 'turkey']


def build():
    return nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 2))


def init():
    global model, traced
    # several models: AZUREML_MODEL_DIR holds <name>/<version>/<file or folder>
    folder = os.getenv('AZUREML_MODEL_DIR')
    model = build()
    model.load_state_dict(torch.load(os.path.join(folder, 'birds', '1', 'model.pt'), map_location=lambda storage, loc: storage))
    model.eval()
    traced = torch.jit.load(os.path.join(folder, 'birds-traced', '1', 'model.pt'))
    traced.eval()


def run(input_data):
    input_data = torch.tensor(json.loads(input_data)['data'])
    with torch.no_grad():
        output = model(input_data)
        probabilities = nn.Softmax(dim=1)(output).numpy()
        same = torch.allclose(output, traced(input_data))
    index = torch.argmax(output, 1)
    return {"label": [CLASSES[i] for i in index], "probability": str(probabilities[0].max()), "scores": output.numpy(), "traced": same}
