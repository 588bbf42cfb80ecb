// The list of runs, which follows what happens to them.
import { $, getPart, listenTo, put, throttled } from "./common.js";

const list = $("#list");
const refresh = throttled(async () => {
  const part = await getPart("/list");
  const ticked = new Set([...list.querySelectorAll("input:checked")].map((box) => box.value));
  const focused = document.activeElement instanceof HTMLInputElement ? document.activeElement.value : null;
  for (const box of part.querySelectorAll("input")) box.checked = ticked.has(box.value);
  put(list, part);
  if (focused) [...list.querySelectorAll("input")].find((box) => box.value === focused)?.focus();
}, 1000);
listenTo("/events", refresh); // at the first word too: something may have happened since the page was made
