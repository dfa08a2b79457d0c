"""How ids are written in addresses."""

from django.urls.converters import UUIDConverter


class AnyCaseUUID(UUIDConverter):
    """A UUID whose letters may be capitals: some programs write them so. Ours are small."""

    regex = "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
