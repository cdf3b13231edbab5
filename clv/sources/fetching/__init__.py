"""Fetching: writes the rows of a shop's database or service into files of its landing folder. docs/connectors.md
explains declarations.

A fetch has no state but the names of its files. Each name has a number, which orders the files, and the value of the
cursor column up to which everything was read (docs/decisions/0186-what-was-fetched-is-in-the-names-of-files.md).
"""
