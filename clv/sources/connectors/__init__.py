"""Where files and rows come from."""
