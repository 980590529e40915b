"""What the compose stack runs beside the services: its one-shots and its runner."""
