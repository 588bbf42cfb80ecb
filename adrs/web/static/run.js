// One run: its curve, its tree, and what changes while it goes on.
import { $, announce, element, getJson, getPart, listenTo, post, put, throttled, token } from "./common.js";
import { drawCurves, drawMap, drawNothing } from "./charts.js";
import { Tree } from "./tree.js";

const run = /** @type {string} */ (document.body.dataset.run);
const name = decodeURIComponent(run.split("/").at(-1) ?? "");
/** @type {any} */ let curve = null;
/** @type {any} */ let control = null;
/** @type {import("./charts.js").Cloud} */ let cloud = { x: [], y: [], label: "" };
/** @type {number | null} */ let best = null;
/** Winner, and what it is called, as the preview was drawn. */ let stood = "";

const preview = $("#preview");
let wanted = 0;
/** @type {ReturnType<typeof setTimeout> | undefined} */ let soon;

/** @param {number} id */
function select(id) {
  wanted = id;
  clearTimeout(soon);
  soon = setTimeout(async () => {
    try {
      const part = await getPart(`${run}/programs/${id}/preview`);
      if (wanted === id) put(preview, part);
    } catch (error) { announce(error instanceof Error ? error.message : String(error)); }
    drawTree();
  }, 80);
}

const tree = new Tree($("#tree"), run, {
  select,
  open: (id) => location.assign(`${run}/programs/${id}`),
  mark: (id) => {
    if (tree.marked !== null && tree.marked !== id) {
      const side = `left_run=${encodeURIComponent(name)}&left=${tree.marked}&right_run=${encodeURIComponent(name)}&right=${id}`;
      location.assign(`/compare/programs?${side}`);
      return;
    }
    tree.marked = tree.marked === id ? null : id;
    announce(tree.marked === null ? "Nothing is marked" : `Program ${id} is marked: c on another one compares them`);
  },
  drawn: () => drawTree(),
});

async function drawTree() {
  const nodes = [...tree.nodes.values()];
  if (!nodes.length) return drawNothing($("#map"), "No program yet.");
  await drawMap($("#map"), nodes, cloud, tree.winner, tree.selected, goTo);
  $("#tree-note").textContent = `${nodes.length} of ${tree.programs} programs shown`;
}

/** @param {number} id */
async function goTo(id) {
  if (await tree.show(id)) select(id);
  else select(id);
}

async function drawCurve() {
  const axis = $("#axis input:checked").value;
  await drawCurves($("#curve"), [curve], axis, { control, onclick: goTo });
  const rows = curve.points.map((/** @type {any} */ [program, evaluations, seconds, usd, value]) =>
    element("tr", {},
      element("th", { scope: "row" }, element("a", { href: `${run}/programs/${program}` }, String(program))),
      ...[evaluations, Math.round(seconds), usd.toFixed(4), value === null ? "–" : Number(value.toPrecision(6))].map((each) =>
        element("td", { class: "r" }, String(each)))));
  const heads = ["program", "evaluations", "seconds", "dollars", curve.label];
  $("#curve-table").replaceChildren(element("table", {},
    element("thead", {}, element("tr", {}, ...heads.map((head) => element("th", { scope: "col", class: head === "program" ? null : "r" }, head)))),
    element("tbody", {}, ...rows)));
}

const refreshHead = throttled(async () => {
  put($("#head"), await getPart(`${run}/head`));
  steerable();
}, 700);
const refreshCurve = throttled(async () => { 
  curve = await getJson(`${run}/curve.json`);
  drawCurve().catch(console.warn);  // not waited for: the first time it loads Plotly
}, 700);
const refreshTree = throttled(async () => {
  cloud = await getJson(`${run}/cloud.json`);
  await tree.load();
  $("#leading").textContent = tree.leading;
  const stands = `${tree.winner} ${tree.leading}`;
  if (tree.selected === null && tree.winner !== null) tree.choose(tree.winner);
  else if (wanted && stands !== stood) select(wanted);
  stood = stands;
}, 2000);
const refreshPanels = throttled(async () => {
  put($("#panels"), await getPart(`${run}/panels`));
  $("#panels").removeAttribute("aria-busy");
}, 3000);

let first = true;

/** @param {any} news */
function hear(news) {
  if (news.error) { announce(news.error); return; }
  document.title = `${news.live ? "● " : ""}${news.shown} ${name} – adrs`;
  refreshHead();
  refreshCurve();
  refreshPanels();
  refreshTree();
  if (!first && news.best !== best && news.best !== null) announce(`New best: ${news.score}, program ${news.best}`);
  best = news.best;
  first = false;
}

function steerable() {
  const figures = $(".figures"), live = figures.dataset.live === "yes", now = figures.dataset.state;
  const able = { pause: live && now === "running", continue: live && now === "paused", stop: live && now !== "stopping" };
  for (const [kind, possible] of Object.entries(able)) $(`[data-do="${kind}"]`).disabled = !possible || !token();
  $("#hint button").disabled = !token();
  const note = $("#steer-note");
  if (!token()) note.textContent = "To steer or to leave notes, open the address that adrs serve printed, with the token at its end.";
}

/** @param {object} data */
async function steer(data) {
  try {
    const answer = await post(`${run}/steer`, data);
    announce(answer.answer[0].toUpperCase() + answer.answer.slice(1));
    refreshHead();
    refreshPanels();
    return true;
  } catch (error) {
    announce(error instanceof Error ? error.message : String(error));
    return false;
  }
}

for (const button of document.querySelectorAll("[data-do]")) {
  button.addEventListener("click", () => {
    const kind = /** @type {HTMLElement} */ (button).dataset.do;
    if (kind === "stop") $("#stop-sure").showModal();
    else steer({ do: kind });
  });
}
$("#stop-sure").addEventListener("close", () => { if ($("#stop-sure").returnValue === "stop") steer({ do: "stop" }); });
$("#hint").addEventListener("submit", async (/** @type {SubmitEvent} */ event) => {
  event.preventDefault();
  const field = $("#hint input");
  if (await steer({ do: "hint", text: field.value })) field.value = "";
});
$("#go").addEventListener("submit", (/** @type {SubmitEvent} */ event) => {
  event.preventDefault();
  goTo(Number($("#go input").value));
});
$("#axis").addEventListener("change", drawCurve);
addEventListener("themechange", () => { if (curve) drawCurve(); drawTree(); });
addEventListener("keydown", (event) => {
  const field = event.target instanceof Element && event.target.closest("input, textarea, select, dialog");
  if (event.key !== "t" || field || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  $("#tree [tabindex='0']")?.focus();
});

steerable();
getJson(`${run}/control.json`).then((found) => { control = found; if (curve && found) drawCurve(); }).catch(console.warn);
listenTo(`${run}/events`, hear);
