"""What is measured: each number against its limit in the same run, medians over alternating rounds."""
