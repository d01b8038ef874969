"""One thread that owns the model's context: what each step computes, and for whom."""
