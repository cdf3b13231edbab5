"""What keeps persons apart from their numbers: erasing one, naming all anew, and keeping no longer than is wanted."""

from __future__ import annotations

# Held, shared, by whoever reads customers and writes them elsewhere; alone by what removes or renames them. It is taken
# before the locks of builds and of publishing.
LOCK = "customers"
