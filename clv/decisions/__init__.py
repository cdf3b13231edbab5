"""What follows from a score: whom to act on, the export of lists, and the proof that acting pays."""
