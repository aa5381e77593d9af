"""The chat policy: any model behind an endpoint that speaks OpenAI's Chat Completions protocol."""
