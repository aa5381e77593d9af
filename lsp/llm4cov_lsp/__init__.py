"""The language server of llm4cov-assist. Not built yet: it comes in a later version."""
