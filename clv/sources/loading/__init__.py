"""Loads a batch into raw: the ledger, the transaction, replays, rejected rows and withdrawals."""
