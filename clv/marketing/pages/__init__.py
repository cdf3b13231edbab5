"""The pages: each module has a `router`, and draws a template of the same name."""
