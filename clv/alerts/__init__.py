"""Tells people of events that need them: what happened, what to do, and where to look."""
