"""Session, warehouse in and out, Arrow, files of a model."""
