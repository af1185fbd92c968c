"""The maker of the shipped recording, and the proof that the shipped file is what the maker makes."""
