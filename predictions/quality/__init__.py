"""How well models and people agree. Pure: counts in, figures with intervals out."""
