"""What the pages say in plain words about what the service names by codes."""

from dataclasses import dataclass
from typing import Any

from service.trust.checks import CHECKS, Check

View = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Word:
    """A short name, what it means in one sentence, and how good it is (a class of the stylesheet)."""

    name: str
    meaning: str
    css: str = ""


BASIS = {
    "attested": Word(
        "Attested", "The producer signed this figure, and signature, signer and key were found to be in order.", "good"
    ),
    "computed": Word(
        "Computed", "Rolled up from the process data of the organizations in the chain; nothing is missing.", "good"
    ),
    "declared": Word("Declared", "A known sender states this figure, but nobody has signed it.", "warn"),
    "computed-gaps": Word(
        "Computed with gaps",
        "Rolled up from process data, but parts of the chain are unknown or filled by published defaults.",
        "warn",
    ),
    "default": Word(
        "Default", "A published default value: nobody in the chain has stated a figure of its own.", "warn"
    ),
    "unknown": Word("Unknown", "Nobody has stated anything from which the emissions could be known.", "bad"),
}

BOUNDARY = {
    "cbam-embedded": "CBAM embedded emissions: the installation and its relevant precursors; "
    "no mining, no fuel supply, no transport.",
    "cradle-to-gate": "Cradle to gate: everything from raw material to the producer's gate.",
    "gate-to-gate": "Gate to gate: the producer's own processes only, nothing of what was bought.",
    "mixed": "Several boundaries are mixed in this figure; see what to know about it.",
    "": "Not stated.",
}

GWP = {
    "AR6": "IPCC AR6 (2021)",
    "AR5": "IPCC AR5 (2013)",
    "AR4": "IPCC AR4 (2007)",
    "commission": "as the European Commission publishes for CBAM",
}

# What a role allows, by permission.
PERMISSIONS = {
    "read-chain": "See lots, figures and the chains behind them, as far as they are disclosed to your organization",
    "read-evidence": "Read the signed bytes of other organizations that granted yours their evidence",
    "screen": "Compare suppliers",
    "submit-documents": "Hand in statements in your organization's name",
    "register-keys": "Register and revoke your organization's signing keys",
    "grant": "Let other organizations read what yours states",
    "manage-principals": "Manage who acts for your organization",
}

# RFC 5280 5.3.1, for people.
REVOCATIONS = {
    "keyCompromise": "Somebody else may have it: what was signed since then must not count",
    "superseded": "Another key has taken its place",
    "cessationOfOperation": "It is not used any more",
    "affiliationChanged": "Who held it has left or changed position",
    "privilegeWithdrawn": "Whoever held it may not sign any more",
    "unspecified": "Another reason",
}

# The three facts about a signed document, each with what yes and no mean.
THREE_FACTS = (
    (
        "signature_valid",
        "Signature",
        Word("valid", "Exactly these bytes were signed with the key named below; nothing was changed since.", "yes"),
        Word("not valid", "These bytes are not what was signed, or another key signed them.", "no"),
    ),
    (
        "signer_authorised",
        "Signer",
        Word("authorised", "The key's organization may say this about what the document speaks of.", "yes"),
        Word("not authorised", "The document speaks of things for which this organization may not speak.", "no"),
    ),
    (
        "key_in_force",
        "Key",
        Word("in force", "When the document was logged, the key could sign: not revoked, not replaced.", "yes"),
        Word("not in force", "When the document was logged, the key could not sign any more.", "no"),
    ),
)

# Code -> title, and what a reader makes of it.
FINDINGS = {
    "attested-differs": Word(
        "The signed figure disagrees with the process data",
        "The signed figure counts. Ask the producer why its own process data lead to another one.",
        "warn",
    ),
    "below-upstream": Word(
        "The signed figure is below what went in",
        "The inputs alone carry more emissions than the signed figure. Ask the producer to correct one of the two.",
        "bad",
    ),
    "below-zero": Word(
        "Below zero", "Removals, or credits for energy sold, exceed what was emitted: ask for evidence.", "warn"
    ),
    "boundary-mixed": Word(
        "Boundaries are mixed", "The parts count different things; compare the sum with care.", "warn"
    ),
    "boundary-differs": Word(
        "Not the boundary that the policy asks for",
        "It counts more or less than the rule does, such as transport; it is no figure to report under that rule.",
        "warn",
    ),
    "gwp-mismatch": Word(
        "Another GWP set", "A part was stated with other warming potentials than the rest of the figure.", "warn"
    ),
    "gwp-unknown": Word(
        "A gas without a warming potential", "Its emissions are unknown, so the figure is its known part.", "warn"
    ),
    "factor-unknown": Word(
        "An activity without a factor", "Its emissions are unknown, so the figure is its known part.", "warn"
    ),
    "transport-unknown": Word(
        "A transport leg without emissions", "It is unknown, so the figure is its known part.", "warn"
    ),
    "unit-mismatch": Word(
        "Units that cannot be related", "A mass per piece or a density is missing, so a part is unknown.", "warn"
    ),
    "quantity-unknown": Word("A quantity is missing", "Lots without a quantity could not be weighed in.", "warn"),
    "allocation": Word(
        "Outputs without usable allocation",
        "How emissions divide over several products is not stated in a usable way.",
        "warn",
    ),
    "allocation-mismatch": Word(
        "Burdens are divided in different ways",
        "Processes of one chain should divide over their products by one key; ask for the figure by one of them.",
        "warn",
    ),
    "inventory-unallocated": Word(
        "Emissions of the site are in no product",
        "Its inventory has more than its products account for. Ask for the footprints of all that it makes.",
        "bad",
    ),
    "inventory-exceeded": Word(
        "Products account for more than the site's inventory", "Ask the producer to correct one of the two.", "warn"
    ),
    "partial": Word(
        "Not every scope is stated", "What is not stated is unknown, so the figure is its known part.", "warn"
    ),
    "pds-missing": Word(
        "No primary data share", "A footprint does not say how much of it was measured; none is assumed.", "warn"
    ),
    "transport-left-out": Word(
        "Inbound transport may be missing",
        "A footprint does not say that it covers the transport of what went in; what is known of it is not added.",
        "warn",
    ),
    "recycled-exceeds": Word(
        "The recycled claim contradicts the electricity",
        "The process used as much electricity as making new metal takes. Ask for evidence of the scrap before "
        "relying on the claim.",
        "bad",
    ),
    "mass-out-exceeds-in": Word(
        "More came out than went in", "The inputs are said to be complete, yet weigh less than the products.", "warn"
    ),
    "inputs-undisclosed": Word(
        "Inputs are kept undisclosed",
        "What they carry is not in this figure: it is the known part alone. Ask the supplier to disclose them.",
        "warn",
    ),
    "content-refused": Word("A content claim does not count", "It is left out of the shares shown here.", "warn"),
    "floor": Word(
        "Direct emissions floored at zero",
        "Credits were larger than emissions; the rule allows no less than zero.",
        "warn",
    ),
    "conflict": Word(
        "Two statements about the same thing", "The first stays in force until the issuer supersedes it.", "warn"
    ),
    "transfer-disputed": Word(
        "The two sides of a transfer disagree", "Both statements stay on record; ask which of them is right.", "warn"
    ),
    "evidence-compromised": Word(
        "Documents of a compromised key left the figures",
        "Somebody else may have signed them. Their issuer may state again, with another key, what was true in them.",
        "warn",
    ),
    "evidence-revoked": Word(
        "A document was revoked by its issuer",
        "What it said does not count any more. Its issuer may state again what is true.",
        "warn",
    ),
    "evidence-suspended": Word(
        "A document was suspended by its issuer",
        "What it said does not count. Once the suspension is over, its issuer may state it again.",
        "warn",
    ),
    "status-revoked": Word("Its issuer has revoked a document", "What it said does not count any more.", "warn"),
    "status-suspended": Word("Its issuer has suspended a document", "What it said does not count.", "warn"),
    "status-valid": Word(
        "A suspension is over", "What the document said does not return by itself: its issuer may state it again.", ""
    ),
    "below-stoichiometry": Word(
        "Less than the reaction gives off",
        "The direct emissions are below what chemistry allows for this process. Ask the producer for its process data.",
        "bad",
    ),
    "near-stoichiometry": Word(
        "Barely more than the reaction gives off",
        "Little is left for fuels and electricity. Ask the producer what is counted.",
        "warn",
    ),
    "identical-values": Word(
        "Two suppliers declare the same digits", "One of them may have copied. Ask both for their process data.", "warn"
    ),
    "evidence-out-of-period": Word(
        "Evidence is of another time",
        "There are declarations, but none that speaks for when this was made. Ask for one of that period.",
        "warn",
    ),
    "capture-exceeds": Word(
        "More CO₂ captured than there was", "The claim and the process data cannot both be right.", "bad"
    ),
    "energy-unknown": Word(
        "A fuel without a calorific value or carrier",
        "How much energy of which carrier is unknown, so the energy is its known part.",
        "warn",
    ),
    "balance-not-comparable": Word(
        "A balance that cannot be checked", "Inputs and outputs are counted in units that cannot be compared.", "warn"
    ),
}

# By state (``graph.rollup.certificates.STATES``).
CERTIFICATES = {
    "valid": Word("Valid", "Signed, in its period, and its issuer is accredited for the scheme.", "good"),
    "unsigned": Word("Not signed", "Nobody answerable has signed it.", "warn"),
    "withdrawn": Word("Withdrawn", "Its issuer has taken it back.", "bad"),
    "suspended": Word("Suspended", "Its issuer has suspended it.", "bad"),
    "not-begun": Word("Not begun", "Its period has not begun.", "warn"),
    "expired": Word("Expired", "Its period is over.", "bad"),
    "issuer-not-accredited": Word(
        "Issuer not accredited", "No body that counts here has accredited its issuer for this scheme.", "warn"
    ),
}

BREAKDOWNS = {
    "organization": "Organization",
    "lot": "Lot",
    "facility": "Facility",
    "country": "Country",
    "material": "Material",
    "activity": "Activity",
    "evidence": "Evidence",
}

_EVIDENCE = {
    "signed-activity": "Signed process data",
    "unsigned-activity": "Process data, not signed",
    "default-factor": "Process data with a published factor",
    "rule": "Rule: not below zero",
    "attested": "Signed footprint",
    "declared": "Footprint, not signed",
    "default": "Published default",
}

# Code -> label, class of the stylesheet.
CONTENT = {
    "post_consumer": ("Recycled, post-consumer", "post"),
    "pre_consumer": ("Recycled, pre-consumer", "pre"),
    "non_grain_bio": ("Bio-based, non-grain", "bio"),
    "other_bio": ("Bio-based, other", "bio2"),
    "virgin": ("Virgin", "virgin"),
    "unknown_share": ("Unknown", "unknown"),
}

PARTS = {
    "fossil": "Fossil",
    "land_use_change": "Land use change",
    "land_management": "Land management",
    "biogenic_non_co2": "Biogenic, other than CO₂",
    "removals": "Removed: stored or bound for good",
}
# Code -> label, what is counted.
BIOGENIC = {
    "carbon": ("Biogenic carbon in it", "kgC"),
    "uptake": ("Taken up by what grew", "kgCO2"),
    "released": ("Biogenic CO₂ released in making it", "kgCO2"),
    "total_including_uptake": ("Total with uptake", "kgCO2e"),
}
QUALITY = {"technology": "Technology", "geography": "Geography", "time": "Time"}
GROUPS = {
    "energy": "Energy",
    "water": "Water",
    "waste": "Waste",
    "recovered": "Recovered",
    "capture": "Captured CO₂",
}
INDICATORS = {
    "coal": "Coal",
    "gas": "Gas",
    "oil": "Oil",
    "electricity": "Electricity",
    "renewable_electricity": "Renewable electricity",
    "heat": "Heat",
    "other_fuel": "Other fuels",
    "fresh_water": "Fresh water",
    "solid_waste": "Solid waste",
    "resources_recovered": "Resources recovered",
    "captured": "Captured",
    "stored": "of it stored for good",
    "bound": "of it bound in products for good",
    "used": "of it used",
    "vented": "of it vented",
}
ENERGY_SHARES_OF = "Shares of final energy"
ENERGY_SHARES = {
    "coal": "Coal",
    "gas": "Gas",
    "electrification": "Electricity",
    "renewable": "Renewable electricity",
}

_CHECK_TITLES = {
    "caps": "Size",
    "envelope": "Envelope",
    "header": "Header",
    "key": "Key is known",
    "signature": "Signature",
    "json": "Readable content",
    "disclosure": "What is hidden",
    "claims": "Issuer and times",
    "schema": "Fields and units",
    "authority": "Right to speak",
    "credential-status": "Status of the credential",
    "key-state": "Key in force",
    "plausibility": "Plausible values",
    "replay": "First use of the id",
    "balances": "Lot balances",
    "store": "Written to the ledger",
}
CHECKS_BY_NUMBER: dict[int, Check] = {check.number: check for check in CHECKS}

OUTCOMES = {
    "passed": Word("passed", "", "good"),
    "failed": Word("failed", "", "bad"),
    "not-applicable": Word("does not apply", ""),
    "not-reached": Word("not reached", ""),
}

FORMATS = {
    "application/jose": "Signed statement",
    "application/vc+jwt": "Signed credential (JWT)",
    "application/vc": "Signed credential",
    "application/sd-jwt": "Signed statement, selectively disclosed",
    "application/json": "Statement, not signed",
    "application/key-registration+jwt": "Key registration",
    "application/vnd.greenchain.record+json": "Record of the service",
}


def basis(code: str) -> Word:
    """The evidence behind a figure."""
    return BASIS.get(code, Word(code, ""))


def boundary(code: str) -> str:
    """What a boundary takes in."""
    return BOUNDARY.get(code, code)


def finding(found: View) -> View:
    """A finding with a title and what to make of it; keys in its message shortened to the ids people gave."""
    word = FINDINGS.get(found["code"], Word(found["code"].replace("-", " ").capitalize(), "", "warn"))
    message = found["message"]
    for key in sorted(found["subjects"], key=len, reverse=True):
        message = message.replace(key, key.partition("|")[2] or key)
    told = {"title": word.name, "meaning": word.meaning, "css": word.css, "message": message, "code": found["code"]}
    return told | {"documents": found.get("documents", [])}


def row_name(by: str, name: str) -> str:
    """What a row of a breakdown is called on the page."""
    return _EVIDENCE.get(name, name) if by == "evidence" else name


def check_title(name: str) -> str:
    """A check in two or three words."""
    return _CHECK_TITLES.get(name, name)
