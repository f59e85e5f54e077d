"""The morning watch: whether people are served worse by a fresh champion than by the version before it."""
