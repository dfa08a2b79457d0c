"""What a doorway behind the policy is given. For annotations only."""

from django.http import HttpRequest
from rest_framework.request import Request

from accounts.models import User


class SignedInRequest(HttpRequest):
    """A page's request that the policy let through: somebody is signed in."""

    user: User


class SignedInApiRequest(Request):
    """An API call that the policy let through."""

    user: User
