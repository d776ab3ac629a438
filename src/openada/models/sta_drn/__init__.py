"""STA-DRN (Pan et al., Expert Systems with Applications 2023): a 3-D ResNet with spatial-temporal attention."""
