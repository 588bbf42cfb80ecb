// Hands the token in, where reading needs it too; the server answers with a cookie that lets read.
import { $, post, takeToken, token } from "./common.js";

const said = $("#sign-in-said");

async function enter() {
  try {
    await post("/sign-in", {});
    location.replace("/");
  } catch (error) {
    said.textContent = error instanceof Error ? error.message : String(error);
    said.hidden = false;
  }
}

takeToken();
if (token()) enter();
$("#sign-in").addEventListener("submit", (/** @type {Event} */ event) => {
  event.preventDefault();
  localStorage.setItem("adrs-token", $("#sign-in input").value);
  enter();
});
