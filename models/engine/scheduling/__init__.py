"""One thread that owns the model's context: it decides what each step computes, and for which answer."""
