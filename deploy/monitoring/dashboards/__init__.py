"""The five dashboards, one file each; `panels.py` has the shapes that they share."""
