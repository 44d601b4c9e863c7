"""The classes users type, in the names of the Azure ML SDK v1."""
