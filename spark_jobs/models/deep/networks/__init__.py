"""What the deep forecasters share. The registry does not look for forecasters here."""
