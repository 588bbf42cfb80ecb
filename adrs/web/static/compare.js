// Runs side by side: their curves in one chart.
import { $, announce, getJson } from "./common.js";
import { drawCurves } from "./charts.js";

const place = $("#curve");
if (place) {
  const runs = place.dataset.runs.split(" ");
  Promise.all(runs.map((/** @type {string} */ run) => getJson(`/runs/${run.replaceAll("/", "%2F")}/curve.json`))).then((curves) => {
    const draw = () => drawCurves(place, curves, $("#axis input:checked").value);
    $("#axis input[value=usd]").disabled = curves.every((curve) => !curve.usd);
    $("#axis").addEventListener("change", draw);
    addEventListener("themechange", draw);
    draw();
  }).catch((error) => announce(error.message));
}
