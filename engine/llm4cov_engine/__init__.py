"""The engine every front end of llm4cov-assist shares. It imports no user interface."""
