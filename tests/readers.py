"""A base that can read and knows nothing, so that what a writer says can be verified without a model."""

import numpy as np

from steps.model.chat_model import Reply


class ReadingBase:
    """A fake ``ChatModel``: asked with a text it answers with the text, and no answer is likely without one."""

    packed = True

    def generate(self, what, chats, *, max_new_tokens):
        return [Reply(self._text(chat), True) for chat in chats]

    def complete(self, what, prompts, *, max_new_tokens, sampling, seed):
        return ["" for _ in prompts]

    def score(self, what, items):
        return [np.full(4, -0.1 if self._text(chat) else -3.0) for chat, _ in items]

    def score_text(self, what, prompts, texts):
        return [np.full(4, -1.0) for _ in texts]

    @staticmethod
    def _text(chat):
        _, marked, rest = chat[-1]["content"].partition("Text: ")
        return rest.partition("\n\nQuestion:")[0] if marked else ""
