"""Language models: any endpoint that speaks the chat-completions API, several at once, within a budget.

A model is named `NAME` (at OpenAI, or at `$OPENAI_BASE_URL`) or `NAME@URL`. Keys come from the environment alone:
`OPENAI_API_KEY` for the default endpoint and for servers on loopback, `ADRS_API_KEY_<HOST>` for any other host.
"""
