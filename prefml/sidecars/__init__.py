"""Compute and store embeddings, hashes and cues of all pictures in one pass."""
