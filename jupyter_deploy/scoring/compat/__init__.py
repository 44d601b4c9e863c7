"""Names that entry scripts written for Azure ML import, for services in which they are not installed."""
