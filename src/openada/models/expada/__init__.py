"""ExpADA (Liao et al., AAAI 2026): a segment encoder, and a weakly supervised selection of segments at several scales."""
