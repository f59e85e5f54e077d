"""A day and a night of a deployment, played: people talk, correct, leave; the model sleeps; the morning asks again."""
