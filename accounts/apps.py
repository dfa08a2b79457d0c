from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People, roles, sessions and tokens, the audit trail."""

    name = "accounts"
