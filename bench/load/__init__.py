"""The server under load: swaps while people ask, `transformers serve` beside it, memory, and a night in training."""
