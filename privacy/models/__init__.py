from privacy.models.consent import ConsentEvent, ConsentState, ConsentValue, PolicyText
from privacy.models.subject import LandingKey, Subject

__all__ = ["ConsentEvent", "ConsentState", "ConsentValue", "LandingKey", "PolicyText", "Subject"]
