"""The depot: an invented world with principles of its own, in which an agent acts by day and learns at night."""
