"""What the warehouse holds, by name."""
