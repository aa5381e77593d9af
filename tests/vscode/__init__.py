"""The extension in a real VS Code: code-server on loopback, driven by a real browser."""
