"""The policy at the API's door: what no row of the table allows is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.exceptions import MethodNotAllowed
from rest_framework.permissions import BasePermission

from accounts.policy import PUBLIC, action_of, require

if TYPE_CHECKING:  # rest_framework.views imports this module by the settings
    from rest_framework.request import Request
    from rest_framework.views import APIView


class PolicyPermission(BasePermission):
    """Asks the table for the action that the view names for this method."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Let pass, or refuse: 405 where the method names no action, 401, or 403 with a reason."""
        method = request.method or ""
        needed = action_of(type(view), method)
        if needed == PUBLIC:
            return True
        if needed is None:
            raise MethodNotAllowed(method)
        if not request.user.is_authenticated:
            return False
        require(request.user, needed)  # type: ignore[arg-type]
        return True
