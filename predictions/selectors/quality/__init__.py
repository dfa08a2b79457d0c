"""Reads behind the figures of quality: models against people, people against each other, time."""
