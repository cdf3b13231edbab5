"""Customers as marketers look for them: one by what is known of her, or many by a filter that may become a list."""
