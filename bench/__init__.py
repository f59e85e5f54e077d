"""The benchmark: teach a stream of nights to several arms and measure what each learned and what each forgot.

Not part of a night. `make bench` runs the preset meant for half an hour; `python -m bench --help` shows the rest.
"""
