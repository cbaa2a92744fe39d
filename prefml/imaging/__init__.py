"""Decode pictures once; measure cues, perceptual hashes, saliency, faces and hands on them."""
