// One program, or two: bars by workload, the diff to another ancestor, notes.
import { $, announce, element, getPart, post, put, token } from "./common.js";
import { drawWorkloads } from "./charts.js";

const bars = $("#bars"), table = $("table.workloads");
if (bars && table) {
  drawWorkloads(bars, table);
  addEventListener("themechange", () => drawWorkloads(bars, table));
}

const program = document.body.dataset.program;
const against = $("#against");
if (against && program) {
  against.querySelector("button").hidden = true;
  const change = async () => put($("#diff"), await getPart(`${program}/diff?against=${$("#ancestor").value}`));
  against.addEventListener("submit", (/** @type {Event} */ event) => { event.preventDefault(); change(); });
  $("#ancestor").addEventListener("change", change);
}

const note = $("#note");
if (note) {
  const button = note.querySelector("button");
  button.disabled = !token();
  if (!token()) $("#note-said").textContent = "Notes need the token: open the address that adrs serve printed.";
  note.addEventListener("submit", async (/** @type {Event} */ event) => {
    event.preventDefault();
    const field = note.querySelector("textarea"), text = field.value.trim();
    button.disabled = true;
    try {
      const answer = await post(`${program}/notes`, { text });
      $("#notes .empty")?.remove();
      $("#notes").append(element("li", {}, element("span", { class: "small" }, "just now"), element("br"), text));
      field.value = "";
      announce(`Note: ${answer.answer}`);
    } catch (error) {
      announce(error instanceof Error ? error.message : String(error));
    }
    button.disabled = false;
  });
}
