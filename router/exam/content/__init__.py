"""What the items are about: facts, names, goods, sentences, in six languages."""
