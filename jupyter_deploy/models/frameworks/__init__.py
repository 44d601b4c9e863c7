"""Which framework wrote a model, read from its files alone; one module per framework."""
