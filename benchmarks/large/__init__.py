"""Measures the pipeline on large histories, stage by stage, beside floors and peers: `make bench SIZE=S`."""
