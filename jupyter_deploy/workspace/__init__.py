"""Where models, services and operations are recorded: a folder with a database, a file store and secrets."""
