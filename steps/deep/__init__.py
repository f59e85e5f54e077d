"""Deep sleep: whether one is due, and why. What it does is in the steps, for a night that ``rebuilds``."""
