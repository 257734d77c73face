"""The describe calls: what there is, in the vendor's shape."""

from collections.abc import Iterable
from typing import Any

from syncline_sim.salesforce.field_types import NUMBERS, FieldSpec
from syncline_sim.salesforce.objects import ObjectSpec
from syncline_sim.salesforce.relationships import Children, relationship_name

_SOAP_TYPES = {
    "id": "tns:ID",
    "reference": "tns:ID",
    "boolean": "xsd:boolean",
    "int": "xsd:int",
    "double": "xsd:double",
    "currency": "xsd:double",
    "percent": "xsd:double",
    "date": "xsd:date",
    "datetime": "xsd:dateTime",
    "address": "urn:address",
}
_PRECISION, _SCALE, _DIGITS = 18, 2, 8
_BYTES_PER_CHARACTER = 3
_ALWAYS_FALSE = (
    *(
        "aiPredictionField",
        "autoNumber",
        "cascadeDelete",
        "caseSensitive",
        "dependentPicklist",
        "deprecatedAndHidden",
        "encrypted",
    ),
    *("displayLocationInDecimal", "highScaleNumber", "htmlFormatted", "namePointing", "queryByDistance"),
)
_ALWAYS_NULL = (
    *("controllerName", "defaultValueFormula", "filteredLookupInfo", "inlineHelpText", "mask", "maskType"),
    *("referenceTargetField", "relationshipOrder"),
)
_OBJECT_FALSE = (
    *("activateable", "customSetting", "dataTranslationEnabled", "deepCloneable", "deprecatedAndHidden"),
    *("feedEnabled", "hasSubtypes", "isInterface", "isSubtype"),
)
_OBJECT_NULL = (
    *("associateEntityType", "associateParentEntity", "defaultImplementation", "extendedBy", "extendsInterfaces"),
    *("implementedBy", "implementsInterfaces"),
)
#: Told of one object only.
_DETAIL_NULL = ("listviewable", "lookupLayoutable", "networkScopeFieldName")
_OF_A_NAME = ("FirstName", "LastName", "Salutation")
_OF_AN_ADDRESS = ("Street", "City", "State", "PostalCode", "Country")
#: The record type of records that have none.
_MASTER_RECORD_TYPE = "012000000000000AAA"


def summary(spec: ObjectSpec, version: str, *, writable: bool) -> dict[str, Any]:
    """Answer an object as the list of all objects has it, for a user who may write its records or not."""
    writable = writable and spec.stored
    path = f"/services/data/v{version}/sobjects/{spec.name}"
    return {
        **dict.fromkeys(_OBJECT_FALSE, False),
        **dict.fromkeys(_OBJECT_NULL),
        "name": spec.name,
        "label": spec.label,
        "labelPlural": spec.label_plural,
        "keyPrefix": spec.key_prefix,
        "custom": False,
        "createable": writable,
        "updateable": writable,
        "deletable": writable,
        "undeletable": writable,
        "mergeable": writable,
        "triggerable": spec.stored,
        "layoutable": spec.stored,
        "mruEnabled": spec.stored,
        "queryable": True,
        "retrieveable": True,
        "replicateable": True,
        "searchable": True,
        "urls": {"sobject": path, "describe": f"{path}/describe", "rowTemplate": f"{path}/{{ID}}"},
    }


def details(
    spec: ObjectSpec, fields: Iterable[FieldSpec], children: Iterable[Children], version: str, *, writable: bool
) -> dict[str, Any]:
    """Answer an object with the fields and the children that the caller can see."""
    return {
        **summary(spec, version, writable=writable),
        **dict.fromkeys(_DETAIL_NULL),
        "actionOverrides": [],
        "namedLayoutInfos": [],
        "compactLayoutable": spec.stored,
        "searchLayoutable": spec.stored,
        "sobjectDescribeOption": "FULL",
        "fields": [{**_field(field), "compoundFieldName": _whole(spec, field)} for field in fields],
        "childRelationships": [_children(each) for each in children],
        "recordTypeInfos": [_record_type(spec, version)] if spec.stored else [],
        "supportedScopes": [{"label": f"All {spec.label_plural.lower()}", "name": "everything"}],
    }


def _whole(spec: ObjectSpec, field: FieldSpec) -> str | None:
    """Answer the field of which this one is a part: a person's name, or an address."""
    if field.name in _OF_A_NAME and "name" in spec.by_name:
        return "Name"
    for part in _OF_AN_ADDRESS:
        whole = f"{field.name.removesuffix(part)}Address"
        if field.name.endswith(part) and whole.lower() in spec.by_name:
            return whole
    return None


def _record_type(spec: ObjectSpec, version: str) -> dict[str, Any]:
    layout = f"/services/data/v{version}/sobjects/{spec.name}/describe/layouts/{_MASTER_RECORD_TYPE}"
    return {
        **dict.fromkeys(("active", "available", "defaultRecordTypeMapping", "master"), True),
        "name": "Master",
        "developerName": "Master",
        "recordTypeId": _MASTER_RECORD_TYPE,
        "urls": {"layout": layout},
    }


def _children(children: Children) -> dict[str, Any]:
    return {
        "cascadeDelete": False,
        "childSObject": children.child,
        "deprecatedAndHidden": False,
        "field": children.field,
        "junctionIdListNames": [],
        "junctionReferenceTo": [],
        "relationshipName": children.name,
        "restrictedDelete": False,
    }


def _field(field: FieldSpec) -> dict[str, Any]:
    return {
        **dict.fromkeys(_ALWAYS_FALSE, False),
        **dict.fromkeys(_ALWAYS_NULL),
        "name": field.name,
        "label": field.label,
        "type": field.type,
        "soapType": _SOAP_TYPES.get(field.type, "xsd:string"),
        "custom": field.custom,
        "nillable": not field.required,
        "createable": field.createable,
        "updateable": field.writable,
        "permissionable": not field.required,
        **_size(field),
        **_computed(field),
        **_use(field),
        **_choices(field),
    }


def _size(field: FieldSpec) -> dict[str, Any]:
    is_decimal = field.type in NUMBERS and field.type != "int"
    return {
        "length": field.size,
        "byteLength": field.size * _BYTES_PER_CHARACTER,
        "precision": _PRECISION if is_decimal else 0,
        "scale": _SCALE if is_decimal else 0,
        "digits": _DIGITS if field.type == "int" else 0,
    }


def _computed(field: FieldSpec) -> dict[str, Any]:
    return {
        "calculated": field.calculated,
        "calculatedFormula": field.formula or None,
        "formulaTreatNullNumberAsZero": False,
        "defaultValue": False if field.type == "boolean" else None,
        "defaultedOnCreate": field.type == "boolean" or field.name in ("OwnerId", "Status"),
    }


def _use(field: FieldSpec) -> dict[str, Any]:
    return {
        "aggregatable": field.aggregatable,
        "externalId": field.external_id,
        "filterable": field.filterable,
        "groupable": field.groupable,
        "idLookup": field.type == "id" or field.name == "Email" or field.external_id,
        "nameField": field.name == "Name",
        "searchPrefilterable": field.type == "reference",
        "sortable": field.sortable,
        "unique": field.type == "id",
        "extraTypeInfo": "plaintextarea" if field.type == "textarea" else None,
    }


def _choices(field: FieldSpec) -> dict[str, Any]:
    values = [
        {"active": True, "defaultValue": False, "label": value, "validFor": None, "value": value}
        for value in field.values
    ]
    return {
        "picklistValues": values,
        "restrictedPicklist": False,
        "referenceTo": list(field.reference_to),
        "relationshipName": relationship_name(field) or None,
        "polymorphicForeignKey": False,
        "restrictedDelete": False,
        "writeRequiresMasterRead": False,
    }
