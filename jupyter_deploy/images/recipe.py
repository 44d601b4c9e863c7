"""What the user says of an image beside what is in the bundle: what it begins with, and what is added to it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Recipe:
    """How an image is to be made.

    Parameters
    ----------
    base : the name of the image to begin with; empty for the one that suits the other settings and the lock.
    dockerfile : the text of a Dockerfile that is the beginning instead.
    steps : further instructions, which run as root.
    runtime : "python", or "spark-py" for one with Java.
    conda_only_packages : what conda itself installs, in its words. conda_channels : that have it.
    gpu : whether its containers get the machine's GPUs. cuda : the version of CUDA that the base image has; empty for none.
    """

    base: str = ""
    dockerfile: str = ""
    steps: str = ""
    runtime: str = "python"
    gpu: bool = False
    cuda: str = ""
    conda_only_packages: tuple[str, ...] = ()
    conda_channels: tuple[str, ...] = ()


PLAIN = Recipe()
"""Nothing is said."""
