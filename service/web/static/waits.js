// A form whose answer may take its time: says that it is being worked out, and lets one break it off. Without this
// script the browser's own signs say the same.
for (const form of document.querySelectorAll("form[data-waits]")) {
  const busy = form.querySelector("[data-busy]");
  const rest = () => { busy.hidden = true; };
  form.addEventListener("submit", () => { busy.hidden = false; });
  form.querySelector("[data-cancel]").addEventListener("click", () => { window.stop(); rest(); });
  form.addEventListener("keydown", (event) => { if (event.key === "Escape" && !busy.hidden) { window.stop(); rest(); } });
  // A page that the browser kept, and comes back to, waits for nothing.
  addEventListener("pageshow", rest);
}
