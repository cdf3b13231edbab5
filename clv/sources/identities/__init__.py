"""One customer behind several ids: keeps digests of addresses as files are loaded, and links the ids that the shop's
rules take for one person (docs/identities.md)."""
