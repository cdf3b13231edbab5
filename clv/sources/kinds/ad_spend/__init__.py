"""Ad spend: one row per day, channel and campaign."""
