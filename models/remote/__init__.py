"""The one client for everything that speaks the OpenAI API, and what a server far away needs around it."""
