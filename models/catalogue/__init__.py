"""The catalogue of models that can be fetched by name, and the download of their files."""
