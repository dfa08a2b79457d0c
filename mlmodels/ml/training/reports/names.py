"""What the files are called that a run leaves in its folder for people; readers need no more."""

DATA, REPORT, PICTURES = "data.json", "report.json", "pictures"
