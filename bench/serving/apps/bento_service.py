import bentoml
import joblib
import numpy as np


@bentoml.service(workers=1)
class Ridge:
    def __init__(self) -> None:
        self.model = joblib.load("ridge.pkl")

    @bentoml.api(route="/score")
    def score(self, data: list[list[float]]) -> list[float]:
        return self.model.predict(np.array(data)).tolist()
