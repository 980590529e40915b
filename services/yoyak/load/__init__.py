"""Load: schedules, and the runner that sends requests and takes stamps."""
