"""llama.cpp and llguidance, typed: no other folder knows llama-cpp-python and llguidance."""
