"""What the audit trail calls the export of a model, and the deletion of exported copies."""

EXPORTED = "modelhub.model_exported"
DELETED = "modelhub.exported_model_deleted"
