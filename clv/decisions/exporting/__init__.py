"""Exports of approved lists: who goes out, to which destination, and the ledger, so that each goes out once."""
