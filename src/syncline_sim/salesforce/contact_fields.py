"""The fields of Contact, standard ones first."""

from syncline_sim.salesforce import common_fields as common
from syncline_sim.salesforce.field_types import FieldSpec, boolean, formula, picklist, reference, text

CONTACT_FIELDS: tuple[FieldSpec, ...] = (
    *common.HEAD,
    reference("MasterRecordId", "Master Record ID", "Contact", read_only=True),
    reference("AccountId", "Account ID", "Account"),
    *common.PERSON_NAME,
    *common.address("Mailing"),
    common.phone("Phone", "Business Phone"),
    common.phone("Fax", "Business Fax"),
    common.phone("MobilePhone", "Mobile Phone"),
    common.phone("HomePhone", "Home Phone"),
    reference("ReportsToId", "Reports To ID", "Contact"),
    common.email("Email", "Email"),
    text("Title", "Title", 128),
    text("Department", "Department", 80),
    picklist("LeadSource", "Lead Source", *common.SOURCES),
    common.date("Birthdate", "Birthdate"),
    common.textarea("Description", "Contact Description", 32_000),
    common.OWNER,
    boolean("HasOptedOutOfEmail", "Email Opt Out"),
    boolean("DoNotCall", "Do Not Call"),
    *common.AUDIT,
    FieldSpec("LastActivityDate", "Last Activity", "date", read_only=True),
    common.double("Score__c", "Score"),
    picklist("Region__c", "Region", *common.REGIONS),
    picklist("Preferred_Language__c", "Preferred Language", *common.LANGUAGES),
    common.currency("Lifetime_Value__c", "Lifetime Value"),
    common.number("Loyalty_Points__c", "Loyalty Points"),
    common.moment("Last_Webinar__c", "Last Webinar"),
    boolean("Newsletter__c", "Newsletter"),
    FieldSpec("Legacy_Id__c", "Legacy ID", "string", 40, external_id=True),
    formula(
        "Account_Standing__c",
        "Account Standing",
        "string",
        'IF(Loyalty_Points__c >= 5000, "Friend of ", "Known at ") & Account.Name',
        crossing=(
            """(SELECT iif({0}."Loyalty_Points__c" >= 5000, 'Friend of ', 'Known at ') || a."Name\""""
            """ FROM salesforce_record_account a WHERE a."Id" = {0}."AccountId")"""
        ),
    ),
    formula(
        "Account_Size__c",
        "Account Size",
        "double",
        "Account.NumberOfEmployees",
        crossing=(
            """(SELECT CAST(a."NumberOfEmployees" AS REAL) FROM salesforce_record_account a"""
            """ WHERE a."Id" = {0}."AccountId")"""
        ),
    ),
)
