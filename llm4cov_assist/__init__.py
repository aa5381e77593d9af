"""The command line of llm4cov-assist."""
