"""What moves the forecast, in money and in words."""
