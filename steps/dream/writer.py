"""Who writes the dreams: the base in this process, or a stronger model behind a server. The base verifies them."""

from steps.errors import SlumberError
from steps.model.chat_model import ChatModel
from steps.model.endpoint import EndpointModel
from steps.settings import DreamSettings


def make_writer(settings: DreamSettings, base: ChatModel) -> ChatModel:
    """Return the model that ``dream.engine`` names.

    Raises:
        SlumberError: it is a server, and the settings do not say which.
    """
    if settings.engine == "transformers":
        return base
    if not settings.endpoint or not settings.endpoint_model:
        raise SlumberError("dream.engine is 'openai': set dream.endpoint and dream.endpoint_model in params.yaml, too.")
    return EndpointModel(settings.endpoint, settings.endpoint_model, api_key_env=settings.api_key_env)
