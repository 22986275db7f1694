// The page of keys: which of them this browser holds, and making a new one.
import { forget, held, make, reason, register, statement, submit, unable } from "./keyring.js";

document.getElementById("no-script")?.remove(); // this runs

const page = document.getElementById("keyring");
const message = document.getElementById("message");
const { csrf, organization } = page.dataset;

function say(text, css) {
  message.className = `note ${css}`;
  message.textContent = text;
  message.hidden = false;
}

function markHeld(row, key) {
  const cell = row.querySelector("[data-held]");
  const badge = document.createElement("span");
  badge.className = "badge good";
  badge.textContent = "In this browser";
  const button = document.createElement("button");
  button.className = "quiet small";
  button.textContent = "Delete here";
  button.setAttribute("aria-label", `Delete the private half of key ${key.thumbprint.slice(0, 12)} from this browser`);
  button.addEventListener("click", async () => {
    if (!window.confirm("Delete the private half of this key from this browser? You cannot sign with it afterwards.")) return;
    await forget(key.thumbprint).then(() => window.location.reload(), (error) => say(reason(error), "bad"));
  });
  cell.replaceChildren(badge, " ", button);
}

function save(jwk) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(jwk, null, 2)], { type: "application/jwk+json" }));
  link.download = `signing-key-${jwk.kid.slice(0, 12)}.jwk`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

async function makeAndRegister(backup, replaces) {
  const { key, saved } = await make(organization, backup);
  let found;
  try {
    found = await register(key, csrf, replaces);
  } catch (error) {
    await forget(key.thumbprint);
    throw error;
  }
  if (!found.accepted) {
    await forget(key.thumbprint);
    window.location.assign(`/documents/${found.id}`);
    return;
  }
  if (saved) save(saved);
  sessionStorage.setItem("registered", key.thumbprint);
  window.location.assign("/keys");
}

// The revocation is a statement like any other, signed here; by a key that goes on where there is one.
function offerRevocation(mine) {
  const section = document.getElementById("revocation");
  if (!section || !mine.length) return;
  const form = document.getElementById("revoke");
  const { key, reason: why, since } = form.elements;
  const compromised = () => why.value === "keyCompromise";
  section.hidden = false;
  form.addEventListener("change", () => {
    document.getElementById("since").hidden = !compromised();
    since.required = compromised();
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!window.confirm("Revoke this key? It cannot be taken back.")) return;
    const fact = { kind: "key-revocation", id: `revoke-${key.value}`, thumbprint: key.value, reason: why.value };
    if (compromised()) fact.since = since.value;
    try {
      const signer = mine.find((held) => held.thumbprint !== key.value) ?? mine[0];
      const found = await submit(signer, await statement(organization, fact), csrf);
      window.location.assign(`/documents/${found.id}`);
    } catch (error) {
      say(reason(error), "bad");
    }
  });
}

async function begin() {
  const form = document.getElementById("make-key");
  const why = unable();
  if (why) {
    const note = document.getElementById("unable");
    if (note) [note.textContent, note.hidden] = [why, false];
    return;
  }
  const rows = new Map([...page.querySelectorAll("[data-thumbprint]")].map((row) => [row.dataset.thumbprint, row]));
  const mine = await held(organization);
  for (const key of mine) {
    if (rows.has(key.thumbprint)) markHeld(rows.get(key.thumbprint), key);
  }
  const signing = new Set(page.dataset.signing.split(" "));
  offerRevocation(mine.filter((key) => signing.has(key.thumbprint)));
  const fresh = sessionStorage.getItem("registered");
  sessionStorage.removeItem("registered");
  if (rows.has(fresh)) say("The key is registered and ready. You can sign a declaration with it now.", "good");
  if (!form) return;
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = document.getElementById("make-button");
    button.disabled = true;
    say("Making the key …", "");
    try {
      await makeAndRegister(document.getElementById("backup").checked, document.getElementById("replaces")?.value);
    } catch (error) {
      say(reason(error), "bad");
      button.disabled = false;
    }
  });
}

begin().catch((error) => say(reason(error), "bad"));
