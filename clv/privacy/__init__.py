"""Privacy: erase a person, replace the key that customers are named with, and delete personal data after its retention
time."""
