"""Models: registered under versions, read without being run, placed, downloaded and deleted."""
