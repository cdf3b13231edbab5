"""A batch into raw: the ledger, its one transaction, replays, rejected rows and withdrawals."""
