"""A Salesforce with its orgs as a connector sees it: app set-up, login, OAuth 2.0 and the data API, over HTTP."""
