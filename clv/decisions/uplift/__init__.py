"""Uplift: whom an arm of a past experiment moved, and whether choosing the arm by customer pays."""
