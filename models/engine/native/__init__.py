"""llama.cpp, typed: no other folder knows llama-cpp-python."""
