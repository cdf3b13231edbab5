"""Privacy: erases a person, rotates the key of the customers' pseudonyms, and deletes personal data after its retention
time."""
