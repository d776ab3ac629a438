"""Losses, recipes, Lightning modules, and the run folder that training leaves."""
