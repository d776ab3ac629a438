"""The prepared dataset on disk: a tracked, aligned, measured folder per recording, in formats that other tools open."""
