// Keys of this browser: made and used by WebCrypto, kept in IndexedDB as objects that nobody can read out, this page
// included. What is handed in goes through the public API, like everybody's documents.

const STORE = "keys";
const encode = (text) => new TextEncoder().encode(text);

export class Told extends Error {}

/** Whether this browser can sign at all; otherwise the reason, for people. */
export function unable() {
  if (!window.isSecureContext || !window.crypto?.subtle) {
    return "Keys can be made on a secure connection (https) only. Open this page by its https address.";
  }
  return window.indexedDB ? "" : "This browser keeps no data for this site (private browsing?), so it cannot keep a key.";
}

function opened() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open("greenchain", 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "thumbprint" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(new Told("This browser does not let this site keep a key (private browsing?)."));
  });
}

async function stored(mode, work) {
  const database = await opened();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(STORE, mode);
      const request = work(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onerror = transaction.onabort = () => reject(new Told("This browser could not keep the key."));
    });
  } finally {
    database.close();
  }
}

/** The keys of an organization in this browser, newest first. */
export async function held(organization) {
  const all = await stored("readonly", (keys) => keys.getAll());
  return all.filter((key) => key.organization === organization).sort((a, b) => b.made - a.made);
}

/** Delete a key from this browser. */
export const forget = (thumbprint) => stored("readwrite", (keys) => keys.delete(thumbprint));

/**
 * A new key of an organization, kept in this browser: Ed25519 where the browser has it, otherwise P-256.
 * With `backup`, the private JWK comes along once, and what is kept is not extractable either way.
 */
export async function make(organization, backup) {
  const { pair, alg } = await generated(backup);
  const jwk = publicMembers(await crypto.subtle.exportKey("jwk", pair.publicKey));
  const thumbprint = await thumbprintOf(jwk);
  let privateKey = pair.privateKey;
  let saved = null;
  if (backup) {
    const whole = await crypto.subtle.exportKey("jwk", privateKey);
    saved = { ...jwk, d: whole.d, alg, kid: thumbprint };
    privateKey = await crypto.subtle.importKey("jwk", whole, algorithm(alg), false, ["sign"]);
  }
  const key = { thumbprint, organization, alg, jwk, privateKey, made: Date.now() };
  await stored("readwrite", (keys) => keys.put(key));
  return { key, saved };
}

async function generated(extractable) {
  for (const alg of ["EdDSA", "ES256"]) {
    try {
      return { pair: await crypto.subtle.generateKey(algorithm(alg), extractable, ["sign", "verify"]), alg };
    } catch (error) {
      if (alg === "ES256") throw new Told("This browser can make neither an Ed25519 nor a P-256 key.");
    }
  }
}

const algorithm = (alg) => (alg === "EdDSA" ? { name: "Ed25519" } : { name: "ECDSA", namedCurve: "P-256" });

/** RFC 7638: the members that make the key, in the order of their names. */
function publicMembers(jwk) {
  return jwk.kty === "OKP" ? { crv: jwk.crv, kty: jwk.kty, x: jwk.x } : { crv: jwk.crv, kty: jwk.kty, x: jwk.x, y: jwk.y };
}

async function thumbprintOf(jwk) {
  return base64url(await crypto.subtle.digest("SHA-256", encode(JSON.stringify(jwk))));
}

function base64url(bytes) {
  let text = "";
  for (const byte of new Uint8Array(bytes)) text += String.fromCharCode(byte);
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Compact JWS (RFC 7515) over a text, with a key of this browser. */
async function signed(key, typ, text) {
  const header = JSON.stringify({ alg: key.alg, kid: key.thumbprint, typ });
  const input = `${base64url(encode(header))}.${base64url(encode(text))}`;
  const how = key.alg === "EdDSA" ? { name: "Ed25519" } : { name: "ECDSA", hash: "SHA-256" };
  return `${input}.${base64url(await crypto.subtle.sign(how, key.privateKey, encode(input)))}`;
}

/**
 * Register a key: prove to the service that we hold its private half. `replaces`: the thumbprint of the key whose place it
 * takes, or nothing. The document's id and whether it was accepted.
 */
export async function register(key, csrf, replaces) {
  const challenge = await asked("/api/v1/keys:challenge", csrf, "", "application/json");
  const now = await serverTime();
  const claims = { iss: key.organization, aud: challenge.audience, jwk: key.jwk, nonce: challenge.nonce, iat: now, exp: now + 600 };
  if (replaces) claims.replaces = replaces;
  return verdict(await asked("/api/v1/keys", csrf, await signed(key, "greenchain-key+jwt", JSON.stringify(claims)), "application/jose"));
}

/** The text of a statement of an organization about one fact; good for a day. */
export async function statement(organization, fact) {
  const now = await serverTime();
  const said = { iss: organization, jti: `web-${crypto.randomUUID()}`, iat: now, exp: now + 86_400, facts: [fact] };
  return JSON.stringify(said, null, 1);
}

/** Sign the text of a statement and hand it in. The document's id and whether it was accepted. */
export async function submit(key, text, csrf) {
  const jws = await signed(key, "greenchain-statement+jwt", text);
  return verdict(await asked("/api/v1/documents", csrf, jws, "application/jose"));
}

const verdict = (document) => ({ id: document.id, accepted: document.verdict.accepted });

async function asked(path, csrf, body, type) {
  let answer;
  try {
    const headers = { "X-CSRF-Token": csrf, "Content-Type": type, Accept: "application/json" };
    answer = await fetch(path, { method: "POST", headers, body: body || undefined });
  } catch {
    throw new Told("The service does not answer. Nothing is lost: try again in a moment.");
  }
  const said = await answer.json().catch(() => ({}));
  if (said.document) return said.document; // rejected, kept as evidence, and with a page of its own
  if (answer.ok) return said;
  if (answer.status === 401) throw new Told("Your session has ended. Sign in again in another tab, then reload this page.");
  throw new Told([said.title, said.detail].filter(Boolean).join(": ") || `The service answered with an error (${answer.status}).`);
}

/** Seconds since 1970 by the service's clock, which judges what we sign; this machine's may be wrong. */
async function serverTime() {
  const answer = await fetch("/healthz", { method: "HEAD", cache: "no-store" }).catch(() => null);
  const told = Date.parse(answer?.headers.get("Date") ?? "");
  return Math.floor((Number.isNaN(told) ? Date.now() : told) / 1000);
}

/** What to tell people about an error. */
export const reason = (error) => (error instanceof Told ? error.message : `This browser could not do it: ${error.message}`);
