// On every page: the token, the theme, the help.
import { $, announce, takeToken } from "./common.js";

takeToken();
addEventListener("hashchange", takeToken);

const THEMES = ["system", "light", "dark"];
const root = document.documentElement;

$("#theme").addEventListener("click", () => {
  const next = THEMES[(THEMES.indexOf(root.dataset.theme ?? "system") + 1) % THEMES.length];
  if (next === "system") {
    delete root.dataset.theme;
    localStorage.removeItem("adrs-theme");
  } else {
    root.dataset.theme = next;
    localStorage.setItem("adrs-theme", next);
  }
  announce(next === "system" ? "Theme: as the system says" : `Theme: ${next}`);
  dispatchEvent(new Event("themechange"));
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => dispatchEvent(new Event("themechange")));

const help = $("#help");
$("#help-open").addEventListener("click", () => help.showModal());
addEventListener("keydown", (event) => {
  const field = event.target instanceof Element && event.target.closest("input, textarea, select");
  if (event.ctrlKey || event.metaKey || event.altKey || field) return;
  if (event.key === "?" && !help.open) {
    event.preventDefault();
    help.showModal();
  }
});

for (const button of document.querySelectorAll("button.wrap")) {
  button.addEventListener("click", () => {
    const wrapped = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(wrapped));
    for (const code of button.closest("section")?.querySelectorAll(".code") ?? []) code.classList.toggle("wrapped", wrapped);
  });
}
