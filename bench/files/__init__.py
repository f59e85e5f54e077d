"""A real world of tools: the file system of the Berkeley Function Calling Leaderboard, with its gold paths."""
