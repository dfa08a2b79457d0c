"""Figures of quality over the API."""
