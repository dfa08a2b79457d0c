"""Pages about how well models and people work."""
