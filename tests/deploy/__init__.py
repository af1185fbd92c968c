"""Tests of deploy/: what is generated, and that each file is what its own tool takes."""
