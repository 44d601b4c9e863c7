"""An entry script whose ``run`` burns 20 ms of processor time."""

import time


def init():
    pass


def run(data):
    end = time.process_time() + 0.02
    while time.process_time() < end:
        pass
    return 1
