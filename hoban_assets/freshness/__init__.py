"""What is out of date, and why: one judgement for status, rebuilds, schedules and builds."""
