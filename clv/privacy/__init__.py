"""What keeps persons apart from their numbers: erasing one, naming all anew, and keeping no longer than is wanted."""
