"""Reports: what stands on one, frozen, and its pages. Pure: no models, database or settings."""
