"""The language server of llm4cov-assist: the engine in any editor."""
