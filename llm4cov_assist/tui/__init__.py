"""The terminal application: VS Code's shape over the shared engine."""
