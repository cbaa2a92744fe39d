"""The one pass over the pictures, and the files it leaves: embeddings, hashes, cues."""
