"""Conversations: what is learned of them is what somebody corrected."""
