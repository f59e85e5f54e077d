"""What waits for a person: contradictions that no date decides, and floods. ``slumber review`` shows and decides."""
