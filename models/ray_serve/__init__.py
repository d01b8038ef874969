"""The built-in engine as autoscaled replicas on Ray Serve: the extra `slimgate[ray]`.

    gateway ──HTTP──► Ingress ──Ray, placed by PrefixRouter──► Engine (replica) ──unix socket──► llama.cpp's process

`app.build` is what a Serve configuration names (`deploy/ray/`). Only `app`, `router`, `ingress` and `replica` know Ray.
"""
