"""Consolidate: tonight's dreams and general rehearsal become a LoRA adapter on top of the champion's.

What that has not learned yet is learned cohort by cohort, in the order of the nights. Everything at once would cost as
much, and more of what the base could do (docs/recipe.md, the arm of joint training).
"""
