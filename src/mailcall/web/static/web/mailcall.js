// What the pages do by themselves: fresh moments, polling that rests with the tab, forms sent once.
"use strict";

const UNITS = [[60, 3600, "min"], [3600, 86400, "h"], [86400, 604800, "d"]];

function relative(then, now) {
  const seconds = (now - then) / 1000;
  const size = Math.abs(seconds);
  if (size < 45) return seconds >= 0 ? "just now" : "in a moment";
  for (const [unit, limit, name] of UNITS) {
    if (size < limit) {
      const count = Math.max(1, Math.floor(size / unit));
      return seconds > 0 ? `${count} ${name} ago` : `in ${count} ${name}`;
    }
  }
  return null; // the server wrote the date
}

function freshenMoments() {
  for (const time of document.querySelectorAll("time[datetime]")) {
    const text = relative(new Date(time.dateTime), Date.now());
    if (text && time.textContent !== text) time.textContent = text;
  }
}

setInterval(freshenMoments, 15000);

document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.elt.hasAttribute("data-poll") && document.hidden) event.preventDefault();
});

// A form that changes something is sent once, however often it is clicked.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.hasAttribute("data-once")) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  for (const button of form.querySelectorAll("button")) button.setAttribute("aria-disabled", "true");
});

window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-once]")) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll("button")) button.removeAttribute("aria-disabled");
  }
});

// "Reply" opens the form that it leads to.
document.addEventListener("click", (event) => {
  const link = event.target.closest('a[href="#reply"]');
  const details = link && document.querySelector("#reply details");
  if (!details) return;
  details.open = true;
  const text = details.querySelector("textarea[name=text]");
  if (text) setTimeout(() => text.focus({ preventScroll: false }), 0);
});

// What the page now shows is what its forms are about.
document.addEventListener("htmx:afterSwap", () => {
  const poll = document.querySelector("[data-now]");
  if (!poll) return;
  for (const input of document.querySelectorAll("input[data-version]")) input.value = poll.dataset.now;
});

// A box that is free only with one other, and else as a third is.
function follow() {
  for (const box of document.querySelectorAll("input[data-free-with]")) {
    const free = document.getElementById(box.dataset.freeWith);
    const as = document.getElementById(box.dataset.elseAs);
    if (!free || !as) continue;
    box.disabled = !free.checked;
    if (box.disabled) box.checked = as.checked;
  }
}

document.addEventListener("change", follow);
document.addEventListener("DOMContentLoaded", follow);

// Writing a mail: who is found goes into a field, chosen files are attached at once.
document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-add], button[data-confirm]");
  if (!button) return;
  if (button.dataset.confirm) {
    if (!window.confirm(button.dataset.confirm)) event.preventDefault();
    return;
  }
  event.preventDefault();
  const field = document.getElementById(button.dataset.add);
  const there = field.value.trim().replace(/[,;]$/, "");
  const found = button.value.split(":").slice(2).join(":");
  field.value = there ? `${there}, ${found}` : found;
  field.dispatchEvent(new Event("input", { bubbles: true }));
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-compose] input[type=file]")) {
    document.querySelector("[data-compose] button[value=attach]").click();
  }
});
