"""The champion for other servers: an adapter, merged weights or a GGUF file, with the command that serves it."""
