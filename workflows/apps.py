from django.apps import AppConfig
from django.conf import settings
from django.utils.module_loading import autodiscover_modules

from workflows import llm, outgoing


class WorkflowsConfig(AppConfig):
    name = "workflows"

    def ready(self) -> None:
        """Find node types: each installed app may have a `nodes` module, as it may have an `admin` one."""
        autodiscover_modules("nodes")
        outgoing.guard.allow(settings.HTTP_ALLOW)
        llm.service.become(settings.LLM_BASE_URL, settings.LLM_MODEL, settings.HTTP_ALLOW)
