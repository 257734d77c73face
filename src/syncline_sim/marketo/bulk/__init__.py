"""The bulk API of the simulated Marketo: jobs that wait in a queue, and the files that they read and write."""
