"""Memory: what is answered by look-up and not from the weights, with its source, owner, history and end."""
