"""Who did or read what, as rows of ids that nobody can change, sealed into a chain."""
