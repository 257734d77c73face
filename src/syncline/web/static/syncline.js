// What pages gain with JavaScript: copy buttons, local times, one submission per form, and live updates.
// Everything works without it; nothing here decides anything.
"use strict";

const news = document.getElementById("news");

function say(text) {
  news.textContent = text;
}

function showTimes(root) {
  const format = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "medium" });
  for (const time of root.querySelectorAll("time[data-at]")) {
    time.title = time.textContent;
    time.textContent = format.format(new Date(time.dateTime));
  }
}

function showCopyButtons(root) {
  if (!navigator.clipboard) return;
  for (const button of root.querySelectorAll("[data-copy]")) button.hidden = false;
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = "Copied";
    say("Copied");
  } catch {
    say("The browser did not allow copying");
  }
  setTimeout(() => { button.textContent = "Copy"; }, 2000);
});

// A second click must not be a second command. A form that opens another window stays usable.
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || event.submitter?.formTarget === "_blank") return;
  if (event.target.dataset.sent) event.preventDefault();
  event.target.dataset.sent = "yes";
});
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

// -- live updates: the stream says that something changed, the page itself is fetched again ------------------------

function isTyping(main) {
  const field = document.activeElement;
  return main.contains(field) && field.matches("input:not([type=checkbox]), select, textarea");
}

async function freshMain() {
  const answer = await fetch(location.pathname, { headers: { Accept: "text/html" } });
  const text = await answer.text();
  return new DOMParser().parseFromString(text, "text/html").getElementById("main");
}

function replaceParts(main, fresh) {
  for (const part of main.querySelectorAll("[data-live]")) {
    const other = fresh.querySelector(`#${part.id}`);
    if (!other || part.innerHTML === other.innerHTML) continue;
    showTimes(other);
    part.replaceWith(other);
  }
}

function enter(main, fresh) {
  showTimes(fresh);
  showCopyButtons(fresh);
  main.replaceWith(fresh);
  document.title = `${fresh.querySelector("h1").textContent}: ${fresh.dataset.title} · Syncline`;
  say(`Now: ${fresh.dataset.title}`);
  fresh.querySelector("#now")?.focus({ preventScroll: true });
}

async function update(change) {
  const main = document.getElementById("main");
  const fresh = await freshMain();
  if (!fresh || !fresh.dataset.state) return location.reload();
  if (fresh.dataset.state === main.dataset.state) {
    main.dataset.seq = fresh.dataset.seq;
    replaceParts(main, fresh);
  } else if (isTyping(main)) {
    say(`The integration has moved on: ${change.title}. Reload the page to see it.`);
  } else {
    enter(main, fresh);
  }
}

function follow(address) {
  const stream = new EventSource(address);
  let latest = null;
  let busy = false;
  stream.addEventListener("change", async (event) => {
    latest = JSON.parse(event.data);
    if (busy) return;
    busy = true;
    while (latest && latest.seq > Number(document.getElementById("main").dataset.seq)) {
      const change = latest;
      latest = null;
      await update(change).catch(() => {});
      await new Promise((wake) => setTimeout(wake, 500));
    }
    busy = false;
  });
  addEventListener("pagehide", () => stream.close());
}

// A window that was opened for a login says so when it comes back; this tab's own memory outlives the way there.
function closeLoginWindow(main) {
  if (main.dataset.ownWindow) {
    sessionStorage.setItem("login", main.dataset.ownWindow);
  } else if (sessionStorage.getItem("login") === location.pathname && !main.dataset.state.endsWith("awaiting_login")) {
    sessionStorage.removeItem("login");
    location.replace(`${location.pathname}/login/finished`);
  }
}

showTimes(document);
showCopyButtons(document);
closeLoginWindow(document.getElementById("main"));
const stream = document.getElementById("main").dataset.stream;
if (stream) follow(stream);
