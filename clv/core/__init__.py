"""The base of all rooms: settings, the date, errors. It imports nothing of ours."""
