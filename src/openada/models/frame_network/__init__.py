"""Any network of timm on every frame of a clip; the clip's score is the mean over its frames."""
