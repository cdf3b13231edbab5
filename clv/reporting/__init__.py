"""Pages, charts and remarks for people."""
