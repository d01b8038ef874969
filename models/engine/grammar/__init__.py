"""From JSON schemas to grammars under which a model can write nothing else."""
