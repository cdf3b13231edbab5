"""What all else rests on: settings, the date, errors; imports nothing of ours."""
