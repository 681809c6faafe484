"""Why data is read, by which channel a person is reached, and on which ground of Article 6 GDPR."""

from django.db import models


class Purpose(models.TextChoices):
    SERVICING = "servicing", "Service recovery and servicing"
    SERVICING_IROPS = "servicing.irops", "Disruption contact"
    PERSONALISATION = "personalisation", "Personalisation"
    MARKETING = "marketing", "Marketing"
    ANALYTICS = "analytics", "Revenue analytics"
    SHARING = "sharing", "Sharing with partners"
    LEGAL_OBLIGATION = "legal_obligation", "Legal obligation"


class Channel(models.TextChoices):
    EMAIL = "email", "E-mail"
    SMS = "sms", "SMS"
    PUSH = "push", "App push"
    PHONE = "phone", "Phone"
    POST = "post", "Post"
    WEB = "web", "Web"
    APP = "app", "App"
    PARTNER = "partner", "Partner"


# How a purpose is stored where every row has one. A number never changes its meaning; a new purpose gets the next.
PURPOSE_NUMBERS: dict[Purpose, int] = {
    Purpose.SERVICING: 1,
    Purpose.SERVICING_IROPS: 2,
    Purpose.PERSONALISATION: 3,
    Purpose.MARKETING: 4,
    Purpose.ANALYTICS: 5,
    Purpose.SHARING: 6,
    Purpose.LEGAL_OBLIGATION: 7,
}


class LawfulBasis(models.TextChoices):
    CONTRACT = "contract", "Contract"
    LEGITIMATE_INTEREST = "legitimate_interest", "Legitimate interest"
    CONSENT = "consent", "Consent"
    LEGAL_OBLIGATION = "legal_obligation", "Legal obligation"


# On consent, unknown is no. On the others, yes unless the person objected or is restricted.
BASIS: dict[Purpose, LawfulBasis] = {
    Purpose.SERVICING: LawfulBasis.CONTRACT,
    Purpose.SERVICING_IROPS: LawfulBasis.CONTRACT,
    Purpose.PERSONALISATION: LawfulBasis.CONSENT,
    Purpose.MARKETING: LawfulBasis.CONSENT,
    Purpose.ANALYTICS: LawfulBasis.LEGITIMATE_INTEREST,
    Purpose.SHARING: LawfulBasis.CONSENT,
    Purpose.LEGAL_OBLIGATION: LawfulBasis.LEGAL_OBLIGATION,
}
