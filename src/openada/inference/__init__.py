"""From a trained run and recordings to predictions, without knowing how the run was trained."""
