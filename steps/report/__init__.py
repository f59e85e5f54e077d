"""Report: what the night did, as one HTML page that needs nothing but itself. It decides nothing and hides nothing."""
