"""What sources bring: a folder for each kind."""
