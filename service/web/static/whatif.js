// The what-if panel: asks as one types, and answers what the figure would be. A question that is overtaken by another,
// or cancelled, is broken off; nothing is stored anywhere.
const panel = document.getElementById("what-if");
const form = panel.querySelector("form");
const answer = panel.querySelector("[data-answer]");
const busy = panel.querySelector("[data-busy]");
const NUMBER = /^\d+(\.\d+)?$/u;
const PAUSE = 300;
const EFFECTS = {
  changed: "",
  partly: "Only partly: a footprint or default stands for the rest, whatever is below it.",
  "nothing-matches": "Nothing in this chain matches that.",
  "covered-by-evidence": "No change: a footprint or default stands for it, whatever is below it.",
  withheld: "What it does to others is withheld: too few organizations that are not disclosed to you take part.",
};
const BOUNDS = { exact: "", "known-part": "known part ", unknown: "" };

// Lots that were found, by what stands for them in the field.
const lots = new Map();
// Addresses of the files of the last answer.
const links = [];
let running = null, waiting = 0, looking = null;

const field = (name) => form.elements[name];
const text = (name) => field(name).value.trim();

class Incomplete extends Error {}

// A number as it was typed, so that none of its digits is lost; an unfinished one is no question yet.
function number(name) {
  const given = text(name);
  const fine = NUMBER.test(given);
  field(name).setAttribute("aria-invalid", String(given !== "" && !fine));
  if (given !== "" && !fine) throw new Incomplete("Write plain numbers with a point for decimals, such as 0.35.");
  return given;
}

function replacement() {
  const kind = field("to").value;
  if (kind === "lot") return lots.has(text("lot")) && { lot: lots.get(text("lot")) };
  if (kind === "footprint") {
    const value = number("footprint");
    return value && { footprint: { value, unit: field("footprint").dataset.unit } };
  }
  const country = text("country").toUpperCase();
  return text("material") && { material: text("material"), ...(country && { country }) };
}

function changes() {
  const found = [];
  const factor = number("factor"), region = text("region").toUpperCase();
  if (factor) found.push({ grid: { ...(region && { region }), factor: { value: factor, unit: "kg/kWh" } } });
  const to = field("from").value && replacement();
  if (to) found.push({ input: { from: JSON.parse(field("from").value), to } });
  const scale = number("scale");
  if (scale && field("activity").value) found.push({ activity: { name: field("activity").value, scale } });
  const transport = number("transport");
  if (transport) found.push({ transport: { scale: transport } });
  return found;
}

// Lots whose name holds what is typed, to choose from; a search that is overtaken is broken off.
async function look() {
  looking?.abort();
  const mine = looking = new AbortController();
  const address = new URL(panel.dataset.lots, location);
  address.searchParams.set("search", text("lot"));
  address.searchParams.set("limit", "20");
  try {
    const { data = [] } = await (await fetch(address, { signal: mine.signal })).json();
    if (mine === looking) offer(data);
  } catch {
    // Overtaken, or no answer: whoever types on asks again.
  }
}

function offer(found) {
  const ids = found.map((one) => one.id);
  panel.querySelector("datalist").replaceChildren(...found.map((one) => {
    const twice = ids.indexOf(one.id) !== ids.lastIndexOf(one.id);
    const name = twice ? `${one.issuer}|${one.id}` : one.id;
    lots.set(name, { issuer: one.issuer, id: one.id });
    return element("option", one.product_name ?? "", { value: name });
  }));
  soon();
}

function soon() {
  clearTimeout(waiting);
  waiting = setTimeout(ask, PAUSE);
}

function cancel(words = "") {
  clearTimeout(waiting);
  running?.abort();
  running = null;
  rest();
  if (words) say(words);
}

function rest() {
  busy.hidden = true;
  answer.removeAttribute("aria-busy");
}

async function ask() {
  running?.abort();
  let asked;
  try {
    asked = changes();
  } catch (error) {
    if (!(error instanceof Incomplete)) throw error;
    return cancel(error.message);
  }
  if (!asked.length) return cancel(panel.dataset.idle);
  const mine = running = new AbortController();
  busy.hidden = false;
  answer.setAttribute("aria-busy", "true");
  try {
    const response = await fetch(panel.dataset.action, {
      method: "POST", signal: mine.signal, body: JSON.stringify({ scenarios: [{ name: "what if", changes: asked }] }),
      headers: { "Content-Type": "application/json", "X-CSRF-Token": panel.dataset.csrf },
    });
    const found = await response.json();
    if (mine === running) response.ok ? show(found) : say(fault(found));
  } catch {
    if (mine === running) say("The service did not answer. Try again.");
  }
  if (mine === running) rest();
}

// What is wrong with the question, in the service's own words.
function fault(problem) {
  const told = (problem.errors ?? []).map((e) => e.detail ?? e.message).filter(Boolean);
  return told.length ? `Not answered: ${told.join("; ")}.` : `Not answered: ${problem.detail ?? problem.title}`;
}

const say = (words) => answer.replaceChildren(element("p", words));

function element(name, words = "", more = {}) {
  const made = document.createElement(name);
  made.textContent = words;
  Object.entries(more).forEach(([key, value]) => made.setAttribute(key, value));
  return made;
}

function amount(value, least = "") {
  if (value === null) return element("span", "unknown", { class: "unknown" });
  const shown = `${least}${Number(value.toPrecision(5))}`.replace("-", "−");
  return element("span", shown, { title: `${value} ${panel.dataset.unit}` });
}

function bar(value, whole) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const rect = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  Object.entries({ class: "bar", viewBox: "0 0 100 1", preserveAspectRatio: "none", "aria-hidden": "true" })
    .forEach(([key, given]) => svg.setAttribute(key, given));
  if (value > 0) {
    Object.entries({ class: "fill-bar", width: (100 * value) / whole, height: 1 })
      .forEach(([key, given]) => rect.setAttribute(key, given));
    svg.append(rect);
  }
  return svg;
}

function row(name, ...cells) {
  const made = element("tr");
  made.append(element("th", name, { scope: "row" }));
  for (const cell of cells) {
    const place = element("td", "", { class: cell instanceof SVGElement ? "barcell" : "number" });
    place.append(cell);
    made.append(place);
  }
  return made;
}

function show(found) {
  const [outcome] = found.scenarios;
  links.splice(0).forEach((href) => URL.revokeObjectURL(href));
  const partly = (side) => (side.lower_bound ? "known part " : "");
  const whole = Math.max(found.base.total ?? 0, outcome.total ?? 0) || 1;
  const table = element("table", "", { class: "parts" }), body = element("tbody");
  table.append(element("caption", `What it would be, ${panel.dataset.unit}`), body);
  const difference = outcome.difference.total;
  const apart = amount(difference, `${BOUNDS[outcome.difference_bound]}${difference > 0 ? "+" : ""}`);
  body.append(
    row("As it is", bar(found.base.total, whole), amount(found.base.total, partly(found.base))),
    row("What if", bar(outcome.total, whole), amount(outcome.total, partly(outcome))),
    row("Difference", "", apart),
  );
  body.lastChild.dataset.row = "difference";
  const notes = outcome.changes.map((change) => EFFECTS[change.effect] ?? change.effect).filter(Boolean);
  const told = [...new Set(notes)].map((note) => element("p", note, { class: "hint" }));
  answer.replaceChildren(table, ...told, takeaway(found));
}

// The answer as a file, every digit and what it was counted by; unknown is the word, since an empty cell may be read as 0.
function takeaway(found) {
  const sides = [["as it is", found.base], ["what if", found.scenarios[0]], ["difference", found.scenarios[0].difference]];
  const scopes = ["direct", "indirect", "undivided", "total"];
  const rows = sides.map(([name, side]) => [name, ...scopes.map((scope) => side[scope] ?? "unknown"), side.lower_bound ? "yes" : "no"]);
  rows[2][5] = found.scenarios[0].difference_bound;
  const csv = [["name", ...scopes, "lower_bound"], ...rows].map((row) => `${row.join(",")}\r\n`).join("");
  const files = { CSV: [csv, "text/csv"], JSON: [JSON.stringify(found, null, 2), "application/json"] };
  const line = element("p", "Download this table: ", { class: "takeaway" });
  Object.entries(files).forEach(([form, [content, type]], i) => {
    const href = URL.createObjectURL(new Blob([content], { type }));
    const link = element("a", "", { href, download: `what-if-index-${found.as_of}.${form.toLowerCase()}` });
    link.append(element("span", "What if as ", { class: "visually-hidden" }), form);
    links.push(href);
    line.append(...(i ? [", ", link] : [link]));
  });
  return line;
}

function choose() {
  panel.querySelectorAll("[data-to]").forEach((part) => { part.hidden = part.dataset.to !== field("to")?.value; });
}

form.addEventListener("input", (event) => {
  choose();
  if (event.target.name === "lot") look();
  soon();
});
form.addEventListener("submit", (event) => { event.preventDefault(); clearTimeout(waiting); ask(); });
form.addEventListener("reset", () => setTimeout(() => { choose(); cancel(panel.dataset.idle); }));
panel.querySelector("[data-cancel]").addEventListener("click", () => cancel("Cancelled."));
panel.addEventListener("keydown", (event) => { if (event.key === "Escape" && running) cancel("Cancelled."); });
choose();
say(panel.dataset.idle);
panel.hidden = false;
