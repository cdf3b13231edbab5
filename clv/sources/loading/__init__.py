"""Loads batches into raw: the ledger, the transaction, replays, rejected rows and withdrawals."""
