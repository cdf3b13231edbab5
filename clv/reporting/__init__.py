"""Pages, charts and what a person is told."""
