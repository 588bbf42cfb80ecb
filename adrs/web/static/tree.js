// The tree as a list of rows that a keyboard walks; children come from the server a page at a time.
import { element, getJson } from "./common.js";

/** @typedef {{id: number, parent: number | null, value: number | null, shown: string, gain: number | null, gained: string,
 *   improved: boolean, folded: number, hidden: number, verdict: string, operator: string, who: string, what: string}} Shown */
/** @typedef {Shown & {children: number[], open: boolean, offset: number, fetched: boolean}} Node
 * `fetched`: it came because somebody unfolded its parent */

const MOST_RAILS = 12;

/** @typedef {{key: string, node: Node, kind: "program" | "more", indent: number, begins: boolean, level: number}} Row
 * `begins`: whether it begins a branch, or a tree of its own, and does not go on in the column of its parent. */

export class Tree {
  /** @param {HTMLElement} place @param {string} run path of the run
   * @param {{select: (id: number) => void, open: (id: number) => void, mark: (id: number) => void, drawn: () => void}} events */
  constructor(place, run, events) {
    this.place = place;
    this.run = run;
    this.events = events;
    /** @type {Map<number, Node>} */ this.nodes = new Map();
    /** @type {number | null} */ this.winner = null;
    /** What the winner is called: the best so far, until one is chosen. */ this.leading = "";
    /** @type {number | null} */ this.selected = null;
    /** @type {number | null} */ this.marked = null;
    /** Key of the row that has the focus or would get it. @type {string} */ this.current = "";
    place.addEventListener("keydown", (event) => this.#key(event));
    place.addEventListener("click", (event) => this.#click(event));
    place.addEventListener("focusin", (event) => {
      const row = /** @type {HTMLElement} */ (event.target).closest("[data-key]");
      if (row instanceof HTMLElement && row.dataset.key !== this.current) this.#focus(row.dataset.key ?? "");
    });
  }

  /** Take what the server shows; what was unfolded stays. */
  async load() {
    const data = await getJson(`${this.run}/tree.json`);
    this.winner = data.winner;
    this.leading = data.leading;
    this.programs = data.programs;
    for (const shown of data.nodes) this.#take(shown);
    this.#draw();
    return data;
  }

  /** Show a program and go to it, wherever it is. @param {number} id */
  async show(id) {
    if (!this.nodes.has(id)) return false;
    for (let walker = this.nodes.get(id)?.parent ?? null; walker !== null; walker = this.nodes.get(walker)?.parent ?? null) {
      const above = this.nodes.get(walker);
      if (above) above.open = true;
    }
    this.selected = id;
    this.current = String(id);
    this.#draw();
    this.place.querySelector(`[data-key="${id}"]`)?.scrollIntoView({ block: "nearest" });
    return true;
  }

  /** Choose a program without moving the focus or the page. @param {number} id */
  choose(id) {
    this.current = String(id);
    this.#draw();
    this.#select(id);
    const row = /** @type {HTMLElement | null} */ (this.place.querySelector(`[data-key="${id}"]`));
    if (row) this.place.scrollTop = row.offsetTop - this.place.clientHeight / 2;
  }

  /** @param {Shown} shown @param {boolean} [fetched] */
  #take(shown, fetched = false) {
    const before = this.nodes.get(shown.id);
    /** @type {Node} */
    const node = {
      ...shown, children: before?.children ?? [], open: before?.open ?? true, offset: before?.offset ?? 0, fetched: before?.fetched ?? fetched,
    };
    if (before && before.offset) { node.hidden = Math.max(0, shown.hidden - this.#unfolded(before)); }
    this.nodes.set(node.id, node);
    const parent = node.parent === null ? undefined : this.nodes.get(node.parent);
    if (parent && !parent.children.includes(node.id)) {
      parent.children.push(node.id);
      parent.children.sort((a, b) => a - b);
    }
    return !before;
  }

  /** Children of a node that were fetched because they were folded. @param {Node} node */
  #unfolded(node) {
    return node.children.filter((child) => this.nodes.get(child)?.fetched).length;
  }

  /** Fetch folded children until something new comes. @param {Node} node */
  async #more(node) {
    let fresh = 0;
    while (!fresh) {
      const page = await getJson(`${this.run}/programs/${node.id}/children.json?offset=${node.offset}`);
      node.offset += page.nodes.length;
      const first = page.nodes.find((/** @type {Shown} */ each) => !this.nodes.has(each.id));
      for (const each of page.nodes) if (!this.nodes.has(each.id) && this.#take(each, true)) fresh += 1;
      node.hidden = page.nodes.length < page.page ? 0 : Math.max(0, node.hidden - fresh);
      if (first) this.current = String(first.id);
      if (page.nodes.length < page.page) break;
    }
    this.#draw();
    this.#focus(this.current, true);
  }

  /** Show what is folded below a node, the first of it at least. @param {Node} node */
  #unfold(node) {
    node.open = true;
    return node.hidden && (!node.offset || this.current === `${node.id}+`) ? this.#more(node) : this.#draw();
  }

  /** The child by which the main line goes on: it stays in its column, others are set in. @param {Node} node */
  #main(node) {
    const leading = node.children.find((child) => this.line?.has(child));
    return leading ?? node.children.reduce((best, child) => (this.#weight(child) >= this.#weight(best) ? child : best), node.children[0]);
  }

  /** Whether a node has children that were never asked for. @param {Node} node */
  #folded(node) {
    return node.hidden > 0 && !(node.open && node.offset);
  }

  /** Whether rows stand below a node. @param {Node} node */
  #opened(node) {
    return node.open && (node.children.length > 0 || (node.hidden > 0 && node.offset > 0));
  }

  /** @param {number} id */
  #weight(id) {
    const node = this.nodes.get(id);
    return node ? node.children.length + (node.improved ? 1 : 0) : 0;
  }

  /** Rows in the order of drawing. */
  rows() {
    /** @type {Row[]} */ const rows = [];
    const line = new Set();
    for (let walker = this.winner; walker !== null; walker = this.nodes.get(walker)?.parent ?? null) line.add(walker);
    this.line = line;
    const roots = [...this.nodes.values()].filter((node) => node.parent === null || !this.nodes.has(node.parent));
    /** @type {Row[]} */
    const stack = roots.reverse().map((node) => ({ key: String(node.id), node, kind: "program", indent: 0, begins: true, level: 1 }));
    while (stack.length) {
      const row = /** @type {Row} */ (stack.pop());
      const { node, kind, indent, level } = row;
      rows.push(row);
      if (kind === "more" || !node.open) continue;
      const below = (/** @type {number} */ id, /** @type {boolean} */ begins) => stack.push({
        key: String(id), node: /** @type {Node} */ (this.nodes.get(id)), kind: "program", indent: begins ? indent + 1 : indent, begins, level: level + 1,
      });
      const main = node.children.length ? this.#main(node) : null;
      if (main !== null) below(main, false);
      for (const child of [...node.children].reverse()) if (child !== main) below(child, true);
      if (node.hidden && node.offset) stack.push({ key: `${node.id}+`, node, kind: "more", indent: indent + 1, begins: true, level: level + 1 });
    }
    return rows;
  }

  #draw() {
    const rows = this.rows();
    const focused = this.place.contains(document.activeElement);
    if (!rows.some((row) => row.key === this.current)) this.current = rows[0]?.key ?? "";
    this.place.replaceChildren(...rows.map((row) => this.#row(row)));
    this.place.tabIndex = rows.length ? -1 : 0;
    if (focused) this.#focus(this.current, { preventScroll: true });
    this.events.drawn();
  }

  /** Lines of the columns to the left, so that one sees on what a row hangs. @param {Row} row */
  #rails({ indent, begins }) {
    const count = Math.min(indent, MOST_RAILS);
    return Array.from({ length: count }, (_, place) =>
      element("span", { class: begins && place === count - 1 ? "rail tee" : "rail", "aria-hidden": true }));
  }

  /** @param {Row} row */
  #row(row) {
    const { key, node, kind, begins, level } = row;
    const shared = { role: "treeitem", "data-key": key, "aria-level": level, tabindex: key === this.current ? 0 : -1 };
    if (kind === "more") {
      const text = `… ${node.hidden} more ${node.hidden === 1 ? "child" : "children"} of ${node.id}`;
      return element("div", { ...shared, class: "node more" }, ...this.#rails(row), element("span", { class: "what" }, text));
    }
    const folds = node.children.length || node.hidden;
    const below = Math.max(node.folded, node.hidden);
    const made = element("div", {
      ...shared, "aria-expanded": folds ? String(this.#opened(node)) : null, "aria-selected": String(node.id === this.selected),
      class: `node${node.improved ? " improved" : ""}${this.line?.has(node.id) ? " on-line" : ""}`,
    },
      ...this.#rails(row),
      element("span", { class: `twist${begins ? "" : " after"}${node.open && node.children.length ? " before" : ""}`, "aria-hidden": true },
        folds ? (this.#opened(node) ? "▾" : "▸") : "·"),
      element("span", { class: "id" }, String(node.id)),
      element("span", { class: "value" }, node.shown),
      element("span", { class: `gain ${node.gain === null || node.gain === 0 ? "" : node.gain > 0 ? "up" : "down"}` }, node.gained),
      node.id === this.winner ? element("span", { class: "winner-mark", title: `the ${this.leading}` }, "★") : null,
      node.id === this.marked ? element("span", { class: "kind" }, "marked") : null,
      node.verdict === "ok" ? null : element("span", { class: `verdict verdict-${node.verdict}` }, node.verdict),
      element("span", { class: "operator" }, node.operator),
      element("span", { class: "what" }, node.what),
      this.#folded(node) ? element("span", { class: "folded", title: "made from it, and not shown" }, `+${below}`, element("span", { class: "unseen" }, " folded")) : null,
    );
    return made;
  }

  /** @param {string} key @param {boolean | FocusOptions} [really] move the focus as well */
  #focus(key, really = false) {
    this.current = key;
    for (const row of this.place.children) {
      const mine = /** @type {HTMLElement} */ (row).dataset.key === key;
      /** @type {HTMLElement} */ (row).tabIndex = mine ? 0 : -1;
      if (mine && really) /** @type {HTMLElement} */ (row).focus(really === true ? {} : really);
    }
    if (!key.endsWith("+") && key) this.#select(Number(key));
  }

  /** @param {number} id */
  #select(id) {
    if (id === this.selected) return;
    this.selected = id;
    for (const row of this.place.children) {
      if (row.hasAttribute("aria-selected")) row.setAttribute("aria-selected", String(/** @type {HTMLElement} */ (row).dataset.key === String(id)));
    }
    this.events.select(id);
  }

  /** @param {MouseEvent} event */
  #click(event) {
    const row = /** @type {HTMLElement} */ (event.target).closest("[data-key]");
    if (!(row instanceof HTMLElement)) return;
    const key = row.dataset.key ?? "", node = this.nodes.get(parseInt(key, 10));
    if (!node) return;
    if (key.endsWith("+")) { this.current = key; this.#unfold(node); return; }
    const part = /** @type {HTMLElement} */ (event.target);
    if (part.closest(".folded")) { this.#unfold(node); return; }
    if (part.classList.contains("twist")) {
      if (!node.children.length && !node.offset) { this.#unfold(node); return; }
      this.#fold(node, !node.open);
    }
    this.#focus(key, true);
  }

  /** @param {Node} node @param {boolean} open */
  #fold(node, open) {
    node.open = open;
    this.#draw();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const rows = this.rows();
    const place = rows.findIndex((row) => row.key === this.current);
    if (place < 0) return;
    const { node, kind } = rows[place];
    const to = (/** @type {number} */ index) => this.#focus(rows[Math.max(0, Math.min(rows.length - 1, index))].key, true);
    /** @type {Record<string, () => void>} */
    const keys = {
      ArrowDown: () => to(place + 1),
      ArrowUp: () => to(place - 1),
      Home: () => to(0),
      End: () => to(rows.length - 1),
      PageDown: () => to(place + 10),
      PageUp: () => to(place - 10),
      ArrowRight: () => {
        if (kind === "more" || this.#folded(node)) this.#unfold(node);
        else if (!node.open && node.children.length) this.#fold(node, true);
        else if (node.children.length) to(place + 1);
      },
      ArrowLeft: () => {
        if (kind === "program" && this.#opened(node)) this.#fold(node, false);
        else {
          const above = kind === "more" ? node.id : node.parent;
          if (above !== null && this.nodes.has(above)) this.#focus(String(above), true);
        }
      },
      Enter: () => (kind === "more" ? this.#unfold(node) : this.events.open(node.id)),
      " ": () => (kind === "more" ? this.#unfold(node) : this.events.select(node.id)),
      c: () => {
        if (kind !== "program") return;
        this.events.mark(node.id);
        this.#draw();
      },
    };
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }
}
