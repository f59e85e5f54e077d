"""Dream: the model writes its own rehearsal data with the source in context, and what it wrote is verified.

question      each fact turned into a question by rule and said in other words by the model, verified by a round trip
reverse       the same fact asked backwards
unanswerable  what the text leaves open: lessons in not knowing
drill         generator-free, for the facts that few questions or none ask for
rehearsal     self-synthesised general examples, so that the model stays what it was
reading       questions with the document given, so that it goes on reading what is put before it
"""
