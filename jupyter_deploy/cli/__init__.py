"""The command line, ``jupyter ml``: the original's ``az ml`` commands as a thin face over the SDK."""
