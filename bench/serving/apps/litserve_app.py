import sys

import joblib
import litserve
import numpy as np


class Ridge(litserve.LitAPI):
    def setup(self, device):
        self.model = joblib.load("ridge.pkl")

    def decode_request(self, request):
        return np.array(request["data"])

    def predict(self, data):
        return self.model.predict(data)

    def encode_response(self, output):
        return output.tolist()


if __name__ == "__main__":
    server = litserve.LitServer(Ridge(), accelerator="cpu", api_path="/score", healthcheck_path="/live")
    server.run(host="127.0.0.1", port=int(sys.argv[1]), generate_client_file=False, log_level="error")
