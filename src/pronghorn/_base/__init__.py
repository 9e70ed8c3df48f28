"""Errors, sentinels and small facts that everything else stands on; imports nothing of ours."""
