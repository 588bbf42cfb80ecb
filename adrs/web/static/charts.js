// Charts, drawn by Plotly, which is loaded when the first one is wanted.
import { plain } from "./common.js";

/** @type {Promise<any> | undefined} */
let loading;

/** @returns {Promise<any>} */
export function plotly() {
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = "/static/plotly.min.js";
    script.onload = () => resolve(/** @type {any} */ (window).Plotly);
    script.onerror = () => reject(new Error("Plotly could not be loaded"));
    document.head.append(script);
  });
  return loading;
}

/** A colour of the theme. @param {string} name */
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

const PALETTE = ["accent", "good", "mark", "warn", "bad", "teal"];

/** @param {number} place */
export const paletteColour = (place) => colour(PALETTE[place % PALETTE.length]);

/** What all charts look like. @param {object} more */
function layout(more) {
  const axis = {
    gridcolor: colour("grid"), linecolor: colour("line"), zerolinecolor: colour("line"), tickcolor: colour("line"),
    automargin: true, zeroline: false,
  };
  const given = /** @type {any} */ (more);
  return {
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: "system-ui, sans-serif", size: 12, color: colour("muted") },
    margin: { l: 8, r: 12, t: 8, b: 8 }, showlegend: false, hovermode: "closest", dragmode: false,
    hoverlabel: { bgcolor: colour("surface"), bordercolor: colour("line"), font: { color: colour("ink") }, align: "left" },
    ...given, xaxis: { ...axis, ...given.xaxis }, yaxis: { ...axis, ...given.yaxis },
  };
}

const CONFIG = { displayModeBar: false, responsive: true, displaylogo: false };

/** @param {HTMLElement} place @param {object[]} traces @param {object} more */
async function draw(place, traces, more) {
  const library = await plotly();
  for (const child of [...place.children]) if (child.classList.contains("empty")) child.remove();
  await library.react(place, traces, layout({ height: place.clientHeight, ...more }), CONFIG);
  place.dataset.drawn = String(Number(place.dataset.drawn ?? 0) + 1);
}

/** What stands where there is nothing to draw. @param {HTMLElement} place @param {string} text */
export function drawNothing(place, text) {
  /** @type {any} */ (window).Plotly?.purge(place);
  const said = document.createElement("p");
  said.className = "empty";
  said.textContent = text;
  place.replaceChildren(said);
}

const AXES = { evaluations: [1, "evaluations"], seconds: [2, "seconds of work"], usd: [3, "dollars on models"] };

/** Best so far of some runs, with baselines as lines.
 * @param {HTMLElement} place @param {any[]} curves @param {"evaluations"|"seconds"|"usd"} axis
 * @param {{control?: any, onclick?: (program: number) => void}} [options] */
export async function drawCurves(place, curves, axis, options = {}) {
  const drawn = curves.filter((curve) => curve.points.length);
  if (!drawn.length) return drawNothing(place, "No program has worked yet.");
  const [column, title] = /** @type {[number, string]} */ (AXES[axis]);
  const end = Math.max(axis === "evaluations" ? 5 : 0, ...drawn.map((curve) => curve[axis]), ...drawn.map((curve) => curve.points.at(-1)[column]));
  const several = drawn.length > 1 || Boolean(options.control?.points.length);
  const traces = drawn.map((curve, place) => curveTrace(curve, column, axis, paletteColour(place), "solid"));
  if (options.control?.points.length) {
    traces.push(curveTrace(options.control, column, axis, colour("muted"), "dash", "best-of-n: "));
  }
  const lines = several && drawn.length > 1 ? sharedBaselines(drawn) : drawn[0].baselines;
  traces.unshift(...lines.map((/** @type {any} */ line) => baselineTrace(line, end)));
  await draw(place, traces, {
    showlegend: several, legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom" },
    xaxis: { title: { text: title, standoff: 6 }, range: [0, (end || 1) * 1.02] },
    yaxis: { title: { text: plain(drawn[0].label), standoff: 6 } },
    annotations: levels(lines, drawn).map((level) => levelLabel(level, drawn, column, end, (place.clientWidth - 90) / LETTER)),
  });
  listen(place, options.onclick);
}

/** Baselines that all runs have in common. @param {any[]} curves */
function sharedBaselines(curves) {
  const same = (/** @type {any} */ curve) => JSON.stringify(curve.baselines);
  return curves.every((curve) => same(curve) === same(curves[0])) ? curves[0].baselines : [];
}

/** @param {any} curve @param {number} column @param {string} axis @param {string} hue @param {string} dash @param {string} [before] */
function curveTrace(curve, column, axis, hue, dash, before = "") {
  const points = curve.points, last = points.at(-1);
  const x = points.map((/** @type {any} */ point) => point[column]), y = points.map((/** @type {any} */ point) => point[4]);
  return {
    x: [...x, Math.max(curve[axis], last[column])], y: [...y, last[4]], name: before + plain(curve.run), mode: "lines+markers",
    line: { shape: "hv", color: hue, width: 2, dash }, customdata: [...points.map((/** @type {any} */ point) => point[0]), last[0]],
    marker: { size: [...points.map(() => 6), 0], color: hue },
    hovertemplate: "%{y:.4~g}, program %{customdata}<extra></extra>",
  };
}

/** @param {any} line @param {number} end */
function baselineTrace(line, end) {
  return {
    x: [0, end], y: [line.value, line.value], mode: "lines", showlegend: false, hoverinfo: "skip",
    line: { color: colour("muted"), width: 1, dash: "dot" },
  };
}

const LEVEL = 0.075; // of what is shown: labels that are closer would lie on one another
const NAMED = 3;
const LETTER = 6; // pixels that a letter of a label takes

/** Baselines by what they reach, those that are close together in one level, the lowest first.
 * @param {any[]} lines @param {any[]} curves @returns {any[][]} */
function levels(lines, curves) {
  const values = [...lines.map((line) => line.value), ...curves.flatMap((curve) => curve.points.map((/** @type {any} */ point) => point[4]))];
  const near = LEVEL * (Math.max(...values) - Math.min(...values));
  /** @type {any[][]} */ const found = [];
  for (const line of [...lines].sort((one, other) => one.value - other.value)) {
    const level = found.at(-1);
    if (level && line.value - level[0].value <= near) level.push(line);
    else found.push([line]);
  }
  return found;
}

/** The names of a level, where no curve is: below it on the right if it was passed early, else above it on the left.
 * @param {any[]} level @param {any[]} curves @param {number} column @param {number} end @param {number} room in letters */
function levelLabel(level, curves, column, end, room) {
  const top = level.at(-1).value;
  const passed = Math.min(...curves.map((curve) => curve.points.find((/** @type {any} */ point) => point[4] >= top)?.[column] ?? end));
  const right = passed < end / 2;
  return {
    x: right ? 1 : 0, xref: "paper", xanchor: right ? "right" : "left", y: right ? level[0].value : top, yanchor: right ? "top" : "bottom",
    showarrow: false, text: plain(levelText(level, room)), font: { size: 11, color: colour("muted") },
  };
}

/** With what they are where there is room for it; the table of where the run stands has that too.
 * @param {any[]} level @param {number} room */
function levelText(level, room) {
  const named = level.slice(0, NAMED), roles = [...new Set(named.map((line) => line.role))];
  const text = roles.map((role) => `${role}: ${named.filter((line) => line.role === role).map((line) => line.name).join(", ")}`).join("; ");
  const more = level.length > NAMED ? ` and ${level.length - NAMED} more` : "";
  if (text.length + more.length <= room) return text + more;
  const names = named.map((line) => line.name).join(", ") + more;
  return names.length <= room ? names : `${names.slice(0, Math.max(0, room - 1))}…`;
}

/** @typedef {{x: number[], y: number[], label: string}} Cloud */

/** Programs by number and value, joined to their parents.
 * @param {HTMLElement} place @param {any[]} nodes @param {Cloud} cloud others, which are faint
 * @param {number | null} winner @param {number | null} chosen @param {(program: number) => void} onclick */
export async function drawMap(place, nodes, cloud, winner, chosen, onclick) {
  const known = new Map(nodes.filter((node) => node.value !== null).map((node) => [node.id, node]));
  if (known.size < 2) return drawNothing(place, "One program so far: a map needs two.");
  const shown = [...known.values()];
  const line = new Set();
  for (let walker = winner; walker !== null && known.has(walker); walker = known.get(walker).parent) line.add(walker);
  const edges = (/** @type {boolean} */ winning) => {
    /** @type {(number | null)[]} */ const x = [];
    /** @type {(number | null)[]} */ const y = [];
    for (const node of shown) {
      const parent = known.get(node.parent);
      if (!parent || (line.has(node.id) !== winning)) continue;
      x.push(parent.id, node.id, null);
      y.push(parent.value, node.value, null);
    }
    return { x, y, mode: "lines", hoverinfo: "skip", line: { color: colour(winning ? "accent" : "line"), width: winning ? 2 : 1 } };
  };
  const values = [...shown.map((node) => node.value), ...cloud.y].sort((a, b) => a - b);
  const range = fitting(values, shown), below = values[0] < range[0];
  const last = Math.max(...shown.map((node) => node.id), ...cloud.x);
  await draw(place, [{
    x: cloud.x, y: cloud.y, mode: "markers", customdata: cloud.x, hovertemplate: "program %{x}: %{y:.4~g}<extra></extra>",
    marker: { size: 4, color: colour("faint"), opacity: 0.6 },
  }, edges(false), edges(true), {
    x: shown.map((node) => node.id), y: shown.map((node) => node.value), mode: "markers", customdata: shown.map((node) => node.id),
    text: shown.map((node) => plain(`${node.id}: ${node.shown} ${node.gained}, ${node.operator}`)),
    hovertemplate: "program %{text}<extra></extra>",
    marker: {
      size: shown.map((node) => (node.id === winner ? 15 : node.id === chosen ? 12 : node.improved ? 9 : 6)),
      symbol: shown.map((node) => (node.id === winner ? "star" : "circle")),
      color: shown.map((node) => colour(node.id === winner ? "star" : node.improved ? "accent" : "faint")), opacity: 1,
      line: { width: shown.map((node) => (node.id !== chosen ? 1 : node.id === winner ? 1.5 : 3)), color: shown.map((node) => colour(node.id === chosen ? "ink" : "surface")) },
    },
  }], {
    xaxis: { title: { text: "program", standoff: 6 }, ...(last < 10 ? { dtick: 1 } : {}) },
    yaxis: { title: { text: plain(cloud.label), standoff: 6 }, range },
    annotations: below ? [{
      x: 1, xref: "paper", xanchor: "right", y: 0, yref: "paper", yanchor: "bottom", showarrow: false,
      text: "↓ the worst programs lie below", font: { size: 11, color: colour("muted") },
    }] : [],
  });
  listen(place, onclick);
}

/** A range that a few very bad programs do not squeeze: from the twentieth part of the values up, with all that improved.
 * @param {number[]} values sorted @param {any[]} shown */
function fitting(values, shown) {
  const improved = shown.filter((node) => node.improved).map((node) => node.value);
  const low = Math.min(values[Math.floor(values.length / 20)], ...improved), high = values[values.length - 1];
  const room = (high - low || 1) * 0.08;
  return [low - room, high + room];
}

/** Bars by workload: before in grey, after in colour. @param {HTMLElement} place @param {HTMLTableElement} table */
export async function drawWorkloads(place, table) {
  const heads = [...table.querySelectorAll("thead th")].map((head) => head.textContent ?? "");
  const rows = [...table.querySelectorAll("tbody tr")].map((row) => /** @type {HTMLElement} */ (row).dataset)
    .filter((row) => row.before || row.after);
  if (!rows.length) { place.remove(); return; }
  const change = (/** @type {DOMStringMap} */ row) => Math.abs(Number(row.after || 0) - Number(row.before || 0));
  const most = 24;
  const shown = rows.length > most ? [...rows].sort((a, b) => change(b) - change(a)).slice(0, most) : rows;
  shown.reverse();
  const trace = (/** @type {"before"|"after"} */ side, /** @type {string} */ name, /** @type {string} */ hue) => ({
    type: "bar", orientation: "h", name: plain(name), y: shown.map((_, place) => place), marker: { color: colour(hue) },
    x: shown.map((row) => (row[side] ? Number(row[side]) : null)), hovertemplate: "%{x:.2f}<extra>" + plain(name) + "</extra>",
  });
  const short = (/** @type {string} */ name) => (name.length > 22 ? `${name.slice(0, 20)}…` : name);
  place.style.height = `${shown.length * (heads[1] === "itself" ? 22 : 34) + 90}px`;
  const traces = [trace("after", heads[2], "accent")];
  if (heads[1] !== "itself") traces.unshift(trace("before", heads[1], "faint"));
  await draw(place, traces, {
    barmode: "group", bargap: 0.3, showlegend: traces.length > 1,
    legend: { orientation: "h", x: 0, y: 1.01, yanchor: "bottom", traceorder: "normal" }, margin: { l: 8, r: 16, t: 8, b: 8 },
    xaxis: { title: { text: rows.length > most ? `score; the ${most} of ${rows.length} that differ most` : "score", standoff: 6 } },
    yaxis: { tickmode: "array", tickvals: shown.map((_, place) => place), ticktext: shown.map((row) => plain(short(row.name ?? ""))), gridcolor: "rgba(0,0,0,0)" },
  });
}

/** @param {any} place @param {((program: number) => void) | undefined} onclick */
function listen(place, onclick) {
  place.removeAllListeners?.("plotly_click");
  if (onclick) place.on("plotly_click", (/** @type {any} */ event) => {
    const program = event.points.map((/** @type {any} */ point) => point.customdata).find(Number.isInteger);
    if (program !== undefined) onclick(program);
  });
}
