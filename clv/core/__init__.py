"""Base modules: settings, the as-of date, errors. They import no other room."""
