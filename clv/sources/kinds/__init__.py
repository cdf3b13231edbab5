"""The kinds of sources, with one package for each."""
