"""What people write by hand: FastAPI, pydantic and uvicorn."""

import joblib
import numpy as np
from fastapi import FastAPI
from pydantic import BaseModel

model = joblib.load("ridge.pkl")
app = FastAPI()


class Input(BaseModel):
    data: list[list[float]]


@app.get("/live")
def live() -> str:
    return "live"


@app.post("/score")
def score(body: Input) -> list[float]:
    return model.predict(np.array(body.data)).tolist()
