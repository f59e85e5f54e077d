"""Who writes the dreams: the base in this process, or a stronger model behind a server. The base verifies them."""

from steps.model.chat_model import ChatModel
from steps.model.endpoint import EndpointModel
from steps.settings import DreamSettings


def make_writer(settings: DreamSettings, base: ChatModel) -> ChatModel:
    """Return the model that ``dream.engine`` names.

    Raises:
        SlumberError: it is a server, and the settings do not say which.
    """
    if (server := settings.server) is None:
        return base
    url, model = server
    return EndpointModel(url, model, api_key_env=settings.api_key_env)
