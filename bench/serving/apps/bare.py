"""As little as a Python server can do: granian's RSGI interface, one worker, the model in its process."""

import joblib
import numpy
import orjson

model = joblib.load("ridge.pkl")


class Application:
    async def __rsgi__(self, scope, protocol):
        if scope.path == "/live":
            protocol.response_empty(200, [])
            return
        data = numpy.array(orjson.loads(await protocol())["data"])
        answer = orjson.dumps(model.predict(data).tolist())
        protocol.response_bytes(200, [("content-type", "application/json")], answer)


application = Application()
