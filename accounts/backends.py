"""Who may do what in the administration."""

from typing import Any, Final

from django.contrib.auth.backends import ModelBackend

LOOK_AFTER: Final = frozenset({"runs", "workflows", "accounts"})
"""The apps of which staff see everything."""
STEER: Final = frozenset({"runs.change_job", "runs.change_gate", "runs.change_webhook"})
"""What they may do besides, as a token of scope `admin` may: stop runs and webhooks, run again, set the cap, pause."""


class Backend(ModelBackend):
    """Staff look after all people's runs. Whatever else one may do, Django's own permissions say, as for groups."""

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        """Whether the user has this permission."""
        return _is_staffs(user_obj, perm) or super().has_perm(user_obj, perm, obj=obj)

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        """Whether the user has any permission of the app."""
        mine = user_obj.is_active and user_obj.is_staff and app_label in LOOK_AFTER
        return mine or super().has_module_perms(user_obj, app_label)


def _is_staffs(user: Any, perm: str) -> bool:
    app, _, name = perm.partition(".")
    return user.is_active and user.is_staff and (perm in STEER or (app in LOOK_AFTER and name.startswith("view_")))
