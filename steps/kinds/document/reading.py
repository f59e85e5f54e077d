"""Reading rehearsal: questions asked with the document before the student, too.

Knowing a text by heart makes a model worse at reading it (arXiv 2606.11627; here, too: docs/log.md). The teacher sees
the same prompt, so the loss is the KL to the base, as in all rehearsal.
"""

from steps.kinds.document.sources import Source
from steps.model.chat import question_message
from steps.records import Dream, content_id

PER_PASSAGE = 2


def reading_dreams(questions: list[Dream], sources: list[Source], *, night: str) -> list[Dream]:
    """Return the best verified questions of each passage as open-book rehearsal."""
    dreams = []
    for source in sources:
        mine = range(source.first, source.first + len(source.sentences))
        own = [d for d in questions if d.experience == source.experience.id and d.sentence in mine]
        own.sort(key=lambda d: -float(d.verification["support"]))
        for one in own[:PER_PASSAGE]:
            message = question_message(one.question, source.context)
            dreams.append(
                Dream(
                    id=content_id("reading", message, one.answer),
                    night=night,
                    strategy="reading",
                    experience=None,
                    source=one.source,
                    sentence=None,
                    question=message,
                    answer=one.answer,
                    verification={"complete": True, "reads": one.id},
                    rehearsal=True,
                )
            )
    return dreams
