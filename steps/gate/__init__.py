"""Gate: may the candidate serve? Learned tonight, kept earlier nights, kept general abilities; otherwise it may not.

It fails closed: an exception, a missing file, a mismatch or too few items is INCONCLUSIVE, and only a PROMOTE verdict
can move the champion. Before it is believed it is tested on candidates that must not pass.

First-night policy: without an earlier cohort that condition is not applicable, and general abilities are compared with
night 0, which is then the champion, too.
"""
