"""The fields of Lead, standard ones first."""

from syncline_sim.salesforce import common_fields as common
from syncline_sim.salesforce.field_types import FieldSpec, boolean, formula, picklist, reference, text

STATUSES = ("Open - Not Contacted", "Working - Contacted", "Closed - Converted", "Closed - Not Converted")
PRODUCTS = ("Analytics", "Automation", "Robotics", "Sensors")

LEAD_FIELDS: tuple[FieldSpec, ...] = (
    *common.HEAD,
    reference("MasterRecordId", "Master Record ID", "Lead", read_only=True),
    *common.PERSON_NAME,
    text("Title", "Title", 128),
    text("Company", "Company", 255, required=True),
    *common.address(),
    common.phone("Phone", "Phone"),
    common.phone("MobilePhone", "Mobile Phone"),
    common.phone("Fax", "Fax"),
    common.email("Email", "Email"),
    common.url("Website", "Website"),
    common.textarea("Description", "Description", 32_000),
    picklist("LeadSource", "Lead Source", *common.SOURCES),
    picklist("Status", "Status", *STATUSES),
    picklist("Industry", "Industry", *common.INDUSTRIES),
    picklist("Rating", "Rating", *common.RATINGS),
    common.currency("AnnualRevenue", "Annual Revenue"),
    common.number("NumberOfEmployees", "Employees"),
    common.OWNER,
    boolean("HasOptedOutOfEmail", "Email Opt Out"),
    boolean("DoNotCall", "Do Not Call"),
    boolean("IsConverted", "Converted", read_only=True),
    FieldSpec("ConvertedDate", "Converted Date", "date", read_only=True),
    reference("ConvertedAccountId", "Converted Account ID", "Account", read_only=True),
    reference("ConvertedContactId", "Converted Contact ID", "Contact", read_only=True),
    boolean("IsUnreadByOwner", "Unread By Owner"),
    *common.AUDIT,
    FieldSpec("LastActivityDate", "Last Activity", "date", read_only=True),
    common.double("Score__c", "Score"),
    picklist("Region__c", "Region", *common.REGIONS),
    common.number("Birth_Year__c", "Birth Year"),
    FieldSpec("Product_Interest__c", "Product Interest", "multipicklist", values=PRODUCTS),
    common.percent("Win_Probability__c", "Win Probability"),
    common.moment("Last_Demo__c", "Last Demo"),
    common.date("Contract_End__c", "Contract End"),
    FieldSpec("Legacy_Id__c", "Legacy ID", "string", 40, external_id=True),
    boolean("Newsletter__c", "Newsletter"),
    common.url("Profile__c", "Profile"),
    formula(
        "Is_Enterprise__c",
        "Is Enterprise",
        "boolean",
        "NumberOfEmployees >= 1000",
        expression="coalesce(NumberOfEmployees >= 1000, 0)",
    ),
    formula(
        "Customer_Name__c",
        "Customer Name",
        "string",
        "IF(IsConverted, ConvertedAccount.Name, Company)",
        crossing=(
            """iif({0}."IsConverted", (SELECT a."Name" FROM salesforce_record_account a"""
            """ WHERE a."Id" = {0}."ConvertedAccountId"), {0}."Company")"""
        ),
    ),
)
