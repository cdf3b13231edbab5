"""Says which mapping reads a file, what it would read from it, and what a mapping for an unknown file may look like.
Nothing is loaded, and no warehouse is needed."""
