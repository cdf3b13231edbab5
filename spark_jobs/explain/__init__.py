"""What drives the forecast, in money and in words."""
