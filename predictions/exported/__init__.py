"""Signed cells as files for others: what may be said of them, and in which form. Pure."""
