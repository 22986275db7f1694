// The footprint form: its fields become a statement, the statement is shown, signed as shown, and handed in.
import { held, reason, statement, submit, unable } from "./keyring.js";

document.getElementById("no-script")?.remove(); // this runs

const page = document.getElementById("signing");
const form = document.getElementById("footprint");
const review = document.getElementById("review");
const fault = document.getElementById("fault");
const { csrf, organization, name } = page.dataset;
const NUMBER = /^-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,9})?$/;
const sure = document.getElementById("sure");
let ready = null;
let keys = [];

const field = (id) => form.elements[id];
const value = (id) => field(id).value.trim().normalize("NFC");

function tell(text) {
  fault.textContent = text;
  fault.hidden = !text;
  if (text) fault.scrollIntoView({ block: "center" });
}

// Only the fields of the chosen kind are shown and asked for.
function choose() {
  const split = form.elements.known.value === "split";
  for (const part of form.querySelectorAll("[data-known]")) part.hidden = (part.dataset.known === "split") !== split;
  for (const part of form.querySelectorAll("[data-for]")) part.hidden = part.dataset.for !== form.elements.about.value;
  for (const id of ["direct", "indirect", "undivided"]) field(id).required = (id !== "undivided") === split;
  if (form.elements.about.value === "lot") field("subject").setAttribute("list", "lots");
  else field("subject").removeAttribute("list");
}

function complain(id, text) {
  field(id).setCustomValidity(text);
  return text === "";
}

// A comma is a decimal sign to some and groups thousands for others, so it is asked about and not guessed.
function checkNumber(id, { above = null, low = null, high = null } = {}) {
  const text = value(id);
  if (text === "") return complain(id, field(id).required ? "Please give a number." : "");
  if (!NUMBER.test(text)) return complain(id, "Please write a plain number with a point for decimals, such as 1250.5");
  if (above !== null && Number(text) <= above) return complain(id, `Must be more than ${above}.`);
  if (low !== null && Number(text) < low) return complain(id, `Must be at least ${low}.`);
  return complain(id, high !== null && Number(text) > high ? `Must be at most ${high}.` : "");
}

function check() {
  const split = form.elements.known.value === "split";
  complain("subject", /[\s|]/u.test(value("subject")) ? "An id has no spaces and no bars ( | )." : "");
  complain("end", value("end") < value("start") ? "The period ends before it starts." : "");
  checkNumber("amount", { above: 0 });
  for (const id of ["direct", "indirect", "undivided"]) {
    if ((id !== "undivided") === split) checkNumber(id, id === "indirect" ? { low: 0 } : {});
    else complain(id, "");
  }
  checkNumber("primary", { low: 0, high: 100 });
  return form.reportValidity();
}

const dayAfter = (day) => new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10);

// Percent to a share by moving the point: no arithmetic, no rounding.
function share(percent) {
  const [whole, part = ""] = percent.split(".");
  const digits = whole.padStart(3, "0");
  return `${digits.slice(0, -2)}.${digits.slice(-2)}${part}`;
}

function fact() {
  const about = form.elements.about.value;
  const found = {
    kind: "footprint",
    id: `footprint-${value("subject").slice(0, 170)}-${value("start")}`,
    [about]: value("subject"),
    period_start: value("start"),
    period_end: dayAfter(value("end")),
    per: { value: value("amount"), unit: value("unit") },
  };
  if (form.elements.known.value === "split") Object.assign(found, { direct: value("direct"), indirect: value("indirect") });
  else found.undivided = value("undivided");
  Object.assign(found, { boundary: value("boundary"), gwp: value("gwp") });
  if (value("primary")) found.primary_data_share = share(value("primary"));
  if (value("supersedes")) found.supersedes = value("supersedes");
  return found;
}

/** What is on record of the lot or product named; null where that cannot be found out. */
async function onRecord() {
  const path = `/sign/${form.elements.about.value}?id=${encodeURIComponent(value("subject"))}`;
  const answer = await fetch(path, { headers: { Accept: "application/json" }, cache: "no-store" }).catch(() => null);
  return answer?.ok && !answer.redirected ? answer.json().catch(() => null) : null;
}

// The figure is per unit of the lot, unless somebody says otherwise. Under numbers that stand there no unit changes.
async function takeUnit() {
  const asked = value("subject");
  const found = asked ? await onRecord() : null;
  const unit = field("unit");
  const free = !unit.dataset.chosen && asked === value("subject") && !["direct", "indirect", "undivided"].some(value);
  if (free && [...unit.options].some((option) => option.value === found?.unit)) unit.value = found.unit;
}

/** What is allowed and yet probably a slip: it is signed only once somebody says that it is meant. */
function doubts(found) {
  const about = form.elements.about.value;
  const id = value("subject");
  const told = [];
  if (!found) told.push(`It could not be checked whether you have a ${about} with the id ${id}.`);
  else if (!found.described) {
    const more = found.count - found.yours.length;
    const yours = found.count ? `yours are: ${found.yours.join(", ")}${more ? ` and ${more} more` : ""}` : `you have described none yet`;
    // Of a chain that the service does not keep in memory nobody counts what there is.
    const others = found.count === null ? "" : `; ${yours}`;
    told.push(`No ${about} of yours has the id ${id}${others}.${found.named ? " An earlier document names it all the same." : ""}`);
  }
  const known = form.elements.known.value === "split" ? [["direct", "Direct"]] : [["undivided", "The total"]];
  for (const [name, title] of known) {
    if (Number(value(name)) < 0) told.push(`${title} is below 0 (${value(name)}). That is so only where credits or removals are larger than what was emitted.`);
  }
  return told;
}

function inWords() {
  const per = `kg CO\u2082e per ${value("amount")} ${value("unit")}`;
  const emissions = form.elements.known.value === "split"
    ? [["Direct", `${value("direct")} ${per}`], ["Indirect", `${value("indirect")} ${per}`]]
    : [["Total", `${value("undivided")} ${per}`]];
  return [
    ["Who says so", name],
    [form.elements.about.value === "lot" ? "About the lot" : "About the product", value("subject")],
    ["Made", `${value("start")} to ${value("end")}`],
    ...emissions,
    ["Takes in", field("boundary").selectedOptions[0].textContent],
    ["Warming potentials", field("gwp").selectedOptions[0].textContent],
    ["Measured share", value("primary") ? `${value("primary")} %` : "not stated"],
    ...(value("supersedes") ? [["Replaces", value("supersedes")]] : []),
  ];
}

function warn(told) {
  const items = told.map((text) => Object.assign(document.createElement("li"), { textContent: text }));
  document.getElementById("doubts").replaceChildren(...items);
  document.getElementById("doubtful").hidden = !told.length;
  sure.checked = false;
}

async function show() {
  const [stated, told] = [fact(), inWords()]; // of one moment: the form may change while we wait
  const found = await onRecord();
  ready = { text: await statement(organization, stated), key: keys.find((key) => key.thumbprint === field("key").value) };
  const rows = told.flatMap(([title, text]) => {
    const [dt, dd] = [document.createElement("dt"), document.createElement("dd")];
    dt.textContent = title;
    dd.textContent = text;
    return [dt, dd];
  });
  document.getElementById("words").replaceChildren(...rows);
  document.getElementById("exact").textContent = ready.text;
  warn(doubts(found));
  form.hidden = true;
  review.hidden = false;
  document.getElementById("review-title").focus();
}

function back() {
  ready = null;
  review.hidden = true;
  form.hidden = false;
  field("subject").focus();
}

async function signAndHandIn(button) {
  if (!document.getElementById("doubtful").hidden && !sure.checked) {
    tell("Confirm first that what is doubtful is meant, or change it.");
    sure.focus();
    return;
  }
  button.disabled = true;
  tell("");
  try {
    const found = await submit(ready.key, ready.text, csrf);
    window.location.assign(`/documents/${found.id}`);
  } catch (error) {
    tell(reason(error));
    button.disabled = false;
  }
}

function offer() {
  const options = keys.map((key) => new Option(`${key.thumbprint.slice(0, 12)}… (${key.alg === "EdDSA" ? "Ed25519" : "P-256"})`, key.thumbprint));
  field("key").replaceChildren(...options);
  document.getElementById("which-key").hidden = keys.length < 2;
  form.hidden = false;
}

async function begin() {
  const why = unable();
  const inForce = new Set(page.dataset.keys.split(" "));
  keys = why ? [] : (await held(organization)).filter((key) => inForce.has(key.thumbprint));
  if (!keys.length) {
    if (why) document.getElementById("no-key-why").textContent = why;
    document.getElementById("no-key").hidden = false;
    return;
  }
  choose();
  offer();
  form.addEventListener("change", choose);
  field("unit").addEventListener("change", (event) => (event.target.dataset.chosen = "yes"));
  for (const control of [field("subject"), ...form.elements.about]) control.addEventListener("change", takeUnit);
  form.addEventListener("input", (event) => event.target.setCustomValidity?.(""));
  form.noValidate = true; // our own checks come first; then the browser shows what is wrong, field by field
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    tell("");
    if (check()) show().catch((error) => tell(reason(error)));
  });
  document.getElementById("back").addEventListener("click", back);
  document.getElementById("sign").addEventListener("click", (event) => signAndHandIn(event.target));
}

begin().catch((error) => tell(reason(error)));
