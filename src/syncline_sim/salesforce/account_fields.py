"""The fields of Account, standard ones first."""

from syncline_sim.salesforce import common_fields as common
from syncline_sim.salesforce.field_types import FieldSpec, picklist, reference, text

TYPES = ("Prospect", "Customer - Direct", "Customer - Channel", "Installation Partner", "Other")

ACCOUNT_FIELDS: tuple[FieldSpec, ...] = (
    *common.HEAD,
    reference("MasterRecordId", "Master Record ID", "Account", read_only=True),
    text("Name", "Account Name", 255, required=True),
    picklist("Type", "Account Type", *TYPES),
    reference("ParentId", "Parent Account ID", "Account"),
    *common.address("Billing"),
    common.phone("Phone", "Account Phone"),
    text("AccountNumber", "Account Number", 40),
    common.url("Website", "Website"),
    text("Sic", "SIC Code", 20),
    picklist("Industry", "Industry", *common.INDUSTRIES),
    common.currency("AnnualRevenue", "Annual Revenue"),
    common.number("NumberOfEmployees", "Employees"),
    common.textarea("Description", "Account Description", 32_000),
    picklist("Rating", "Account Rating", *common.RATINGS),
    common.OWNER,
    *common.AUDIT,
    FieldSpec("LastActivityDate", "Last Activity", "date", read_only=True),
    picklist("Region__c", "Region", *common.REGIONS),
    FieldSpec("Legacy_Id__c", "Legacy ID", "string", 40, external_id=True),
)
