"""What a user configures: target options, inference configuration, configuration files, names."""
