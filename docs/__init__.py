"""The documentation: pages, and the parts of them that are made from the package itself."""
