"""The bulk APIs of the simulated Salesforce: jobs that read and write very many records as CSV."""
