"""Tokens become text while they come: whole characters at once, nothing from a stop word on."""

from transformers import PreTrainedTokenizerBase

from awake.asking import Answer


class Writing:
    """The text of one answer. Decoding goes on from the last whole characters, so that a long answer costs no more."""

    def __init__(self, answer: Answer, tokenizer: PreTrainedTokenizerBase, ends: set[int]):
        self.answer, self._tokenizer, self._ends = answer, tokenizer, ends
        self._from, self._read, self._held = 0, 0, ""
        self._longest = max((len(text) for text in answer.ask.stop), default=0)

    def add(self, token: int) -> bool:
        """Take one more token; True if the answer goes on. What is ready is said."""
        answer = self.answer
        if token in self._ends:
            answer.tokens.append(token)
            return self._ended(self._held + self._rest(), "stop")
        answer.tokens.append(token)
        self._held += self._grown()
        for stop in answer.ask.stop:
            if stop in self._held:
                return self._ended(self._held[: self._held.index(stop)], "stop")
        if len(answer.tokens) >= answer.ask.max_new_tokens:
            return self._ended(self._held + self._rest(), "length")
        ready = len(self._held) - max(0, self._longest - 1)
        if ready > 0:
            answer.say(self._held[:ready])
            self._held = self._held[ready:]
        return True

    def cut(self, reason: str) -> None:
        """End it here, though no end was written."""
        self._ended(self._held + (self._rest() if self.answer.tokens else ""), reason)

    def _ended(self, last: str, reason: str) -> bool:
        self.answer.say(last)
        self.answer.end(reason)
        return False

    def _grown(self) -> str:
        """What the last tokens add, once their last character is whole."""
        before, now = self._text(self._from, self._read), self._text(self._from, None)
        if now.endswith("\ufffd") or len(now) <= len(before):
            return ""
        self._from, self._read = self._read, len(self.answer.tokens)
        return now[len(before) :]

    def _rest(self) -> str:
        end = -1 if self.answer.tokens[-1] in self._ends else None
        return self._text(self._from, end)[len(self._text(self._from, self._read)) :]

    def _text(self, start: int, end: int | None) -> str:
        return str(self._tokenizer.decode(self.answer.tokens[start:end], skip_special_tokens=True))
