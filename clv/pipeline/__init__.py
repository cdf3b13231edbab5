"""The pipeline: the steps of a run, in order. Only the commands and the DAGs import this package."""
