// What all pages share: elements, requests, the token, what is said to the person.

/** The first element that fits, as any element.
 * @param {string} selector @param {ParentNode} [root] @returns {any} */
export const $ = (selector, root = document) => root.querySelector(selector);

/** An element with attributes and children; texts become text, never markup.
 * @param {string} name @param {Record<string, any>} [attributes] @param {...(Node | string | null)} children */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    made.setAttribute(key, value === true ? "" : String(value));
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

/** Ask the server. @param {string} path @param {RequestInit} [options] */
const ask = (path, options) => fetch(path, options).catch(() => { throw new Error("The server does not answer."); });

/** @param {string} path @returns {Promise<any>} */
export async function getJson(path) {
  const response = await ask(path, { headers: { Accept: "application/json" } });
  const data = await response.json();
  if (!response.ok) throw new Error(data.error ?? response.statusText);
  return data;
}

/** A part of a page, made by the server, which has escaped all that it shows.
 * @param {string} path @returns {Promise<DocumentFragment>} */
export async function getPart(path) {
  const response = await ask(path);
  if (!response.ok) throw new Error((await response.json()).error ?? response.statusText);
  const template = document.createElement("template");
  template.innerHTML = await response.text();
  return template.content;
}

/** Put a part where it belongs; what had the focus gets it back.
 * @param {Element} place @param {DocumentFragment} part */
export function put(place, part) {
  const focused = document.activeElement;
  const href = place.contains(focused) && focused instanceof HTMLAnchorElement ? focused.getAttribute("href") : null;
  place.replaceChildren(part);
  if (href) [...place.querySelectorAll("a")].find((link) => link.getAttribute("href") === href)?.focus();
}

const TOKEN = "adrs-token";

/** The token, if this browser has opened the address that holds it. */
export const token = () => localStorage.getItem(TOKEN);

/** Take the token out of the address, where it would stay in view and in the history. */
export function takeToken() {
  const found = /^#token=([\w.~-]+)$/.exec(location.hash);
  if (!found) return;
  localStorage.setItem(TOKEN, found[1]);
  history.replaceState(null, "", location.pathname + location.search);
}

/** Ask the server to write. @param {string} path @param {object} data @returns {Promise<any>} */
export async function post(path, data) {
  const response = await ask(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Adrs-Token": token() ?? "" },
    body: JSON.stringify(data),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error ?? response.statusText);
  return answer;
}

/** Say something, for eyes and for screen readers. @param {string} text @param {boolean} [stays] until something else is said */
export function announce(text, stays = false) {
  const place = $("#said");
  place.textContent = text;
  place.classList.add("shown");
  clearTimeout(announce.timer);
  if (!stays) announce.timer = setTimeout(() => place.classList.remove("shown"), 6000);
}
/** @type {ReturnType<typeof setTimeout> | undefined} */
announce.timer = undefined;

/** Text for a chart: Plotly reads some markup in texts. @param {string} text */
export const plain = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

const PATIENCE = 4000; // milliseconds that a server may take to be there again

/** Hear of changes while the page is in view: browsers keep few connections to a server, and every stream holds one.
 * @param {string} path @param {(news: any) => void} hear called with the state of things whenever the page comes into view */
export function listenTo(path, hear) {
  /** @type {EventSource | null} */ let source = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ let missing;
  let gone = false;
  const lost = () => {
    gone = true;
    announce("The server does not answer; this page does not change until it is there again.", true);
  };
  const found = () => {
    clearTimeout(missing);
    missing = undefined;
    if (gone) announce("The server answers again.");
    gone = false;
  };
  const follow = () => {
    if (document.hidden) {
      source?.close();
      source = null;
      clearTimeout(missing);
      missing = undefined;
    } else if (!source) {
      source = new EventSource(path);
      source.addEventListener("changed", (event) => hear(JSON.parse(event.data)));
      source.addEventListener("open", found);
      source.addEventListener("error", () => {  // it tries again by itself, for ever, unless it was refused
        if (source?.readyState === EventSource.CLOSED) announce("The server has refused; load this page again.", true);
        else missing ??= setTimeout(lost, PATIENCE);
      });
    }
  };
  document.addEventListener("visibilitychange", follow);
  follow();
}

/** Call again later when called too often, and never twice at a time: what takes long is done less often.
 * @param {() => Promise<void>} work @param {number} least milliseconds between an end and the next beginning */
export function throttled(work, least) {
  let running = false, wanted = false;
  return async function run() {
    if (running) { wanted = true; return; }
    running = true;
    const began = performance.now();
    try { await work(); } catch (error) { console.warn(error); }
    const pause = Math.min(20_000, Math.max(least, 5 * (performance.now() - began)));
    setTimeout(() => { running = false; if (wanted) { wanted = false; run(); } }, pause);
  };
}
