"""Expresso-AI's networks: action-recognition networks that are fine-tuned on faces."""
