from privacy.models.audit import AuditEvent
from privacy.models.consent import ConsentEvent, ConsentEvidence, ConsentState, ConsentValue, PolicyText
from privacy.models.rights import RequestKind, RequestState, RequestStep, RightsRequest, StepState, Tombstone
from privacy.models.subject import LandingKey, Subject

__all__ = [
    "AuditEvent",
    "ConsentEvent",
    "ConsentEvidence",
    "ConsentState",
    "ConsentValue",
    "LandingKey",
    "PolicyText",
    "RequestKind",
    "RequestState",
    "RequestStep",
    "RightsRequest",
    "StepState",
    "Subject",
    "Tombstone",
]
