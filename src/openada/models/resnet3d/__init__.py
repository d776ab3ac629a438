"""The plain 3-D ResNet that STA-DRN's Table 4 compares with."""
