"""The commands of ``python -m bench``: a module for each subject."""
