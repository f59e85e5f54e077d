"""Documents: files and texts that state facts. They are cut into passages, and each fact is asked for."""
