"use strict";

const $ = (id) => document.getElementById(id);
const made = (tag, text, ...inside) => {
  const element = document.createElement(tag);
  if (text !== undefined && text !== null) element.textContent = text;
  element.append(...inside);
  return element;
};

// --- the worker that answers -----------------------------------------------------------------------------------------

let worker = null, asked = 0, opened = null, opening = null;
const waiting = new Map();

async function library() {
  const packed = Uint8Array.from(atob($("library").textContent), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function start() {
  const source = URL.createObjectURL(new Blob([$("worker").textContent], { type: "text/javascript" }));
  worker = new Worker(source);
  URL.revokeObjectURL(source);
  worker.onmessage = ({ data: { id, answer, fault } }) => {
    const { resolve, reject } = waiting.get(id);
    waiting.delete(id);
    $("stop").hidden = waiting.size === 0;
    return fault === undefined ? resolve(answer) : reject(new Error(fault));
  };
  worker.onerror = (event) => say(event.message);
}

/** What is asked while a file is being opened waits for it. */
async function ask(verb, ...args) {
  await opening;
  return send(verb, ...args);
}

function send(verb, ...args) {
  const id = ++asked;
  $("stop").hidden = false;
  return new Promise((resolve, reject) => {
    waiting.set(id, { resolve, reject });
    worker.postMessage({ id, verb, args });
  });
}

/** Ends what is being computed; the copy in memory goes with it, and is made anew of the file. */
async function stop() {
  worker.terminate();
  for (const { reject } of waiting.values()) reject(new Error("stopped"));
  waiting.clear();
  $("stop").hidden = true;
  if (opened) await begin(opened);
}

function say(fault) {
  $("fault").hidden = !fault;
  $("fault").textContent = fault ?? "";
}

/** An event's handler whose failure is a sentence on the page. */
const told = (handler) => async (event) => {
  say(null);
  try {
    await handler(event);
  } catch (error) {
    say(error.message);
  }
};

// --- a file ----------------------------------------------------------------------------------------------------------

async function begin(file) {
  start();
  opening = (async () => send("open", { bytes: await file.arrayBuffer(), library: await library(), report: $("report-sql").textContent }))();
  const about = await opening;
  opened = file;
  return about;
}

async function open(file) {
  worker?.terminate();
  waiting.clear();
  opened = null;
  document.title = file.name;
  $("file").textContent = `${file.name}, ${(file.size / 1e6).toFixed(1)} MB`;
  const about = await begin(file);
  document.body.classList.add("opened");
  $("file").textContent += `, athlete ${about.version}`;
  fill("athlete", about.athletes, ({ athlete_id, n }) => [athlete_id, `${athlete_id}, ${n} activities`]);
  fill("model", about.models, (each) => [JSON.stringify([each.model, each.version, each.reason]), `${each.model}, version ${each.version}${each.is_champion ? ", champion" : ""}`]);
  refer(about);
  for (const part of [document.querySelector("nav"), document.querySelector("main")]) part.hidden = false;
  show(about.athletes.length > 0 ? "report" : "ask");
  if (about.athletes.length > 0) await report();
  if (about.models.length > 0) await choose();
}

function fill(id, rows, option) {
  $(id).replaceChildren(...rows.map((row) => {
    const [value, label] = option(row), element = made("option", label);
    element.value = value;
    return element;
  }));
}

function show(view) {
  for (const section of document.querySelectorAll("main > section")) section.hidden = section.id !== view;
  for (const tab of document.querySelectorAll("nav button")) tab.setAttribute("aria-selected", String(tab.dataset.view === view));
}

// --- report ----------------------------------------------------------------------------------------------------------

/** A picture of the library's, as elements: scripts in it, which it has not, the page's policy would refuse. */
function picture(svg) {
  const parsed = new DOMParser().parseFromString(svg, "image/svg+xml").documentElement;
  return parsed.localName === "svg" ? document.importNode(parsed, true) : made("pre", svg);
}

async function report() {
  const athlete = $("athlete").value, sections = await ask("report", athlete);
  $("pictures").replaceChildren(...sections.map(([heading, words, svg]) => made("div", null, made("h2", heading), made("p", words), made("figure", null, picture(svg)))));
}

// --- SELECT ----------------------------------------------------------------------------------------------------------

function cell(value) {
  const element = made("td");
  element.title = String(value); // all of it, and all digits
  if (value === null) element.className = "null";
  if (typeof value === "number" || typeof value === "bigint") element.className = "number";
  if (typeof value === "string" && value.startsWith("<svg ")) {
    const image = made("img");
    image.src = `data:image/svg+xml,${encodeURIComponent(value)}`; // anyone's text: as an image it runs nothing
    element.append(image);
  } else {
    element.textContent = value === null ? "NULL" : value instanceof Uint8Array ? `${value.length} bytes` : typeof value === "number" ? String(Number(value.toPrecision(8))) : String(value);
  }
  return element;
}

async function run() {
  const began = performance.now(), { columns, rows, more } = await ask("select", $("sql").value);
  $("took").textContent = `${more ? "the first " : ""}${rows.length} rows, ${Math.round(performance.now() - began)} ms`;
  $("rows").replaceChildren(made("table", null, made("thead", null, made("tr", null, ...columns.map((name) => made("th", name)))),
    made("tbody", null, ...rows.map((row) => made("tr", null, ...row.map(cell))))));
}

/** Functions by domain and tables, each with what it is, and an example that a click brings into the editor. */
function refer({ functions, tables }) {
  const entry = (name, example, ...texts) => {
    const code = made("code", example);
    code.onclick = () => { $("sql").value = example; };
    const details = made("details", null, made("summary", name), ...texts.map((text) => made("p", text)), code);
    details.dataset.words = [name, ...texts].join(" ").toLowerCase();
    return details;
  };
  const groups = new Map();
  for (const f of functions) groups.set(f.domain, [...(groups.get(f.domain) ?? []), entry(f.signature, f.example, f.summary, `gives ${f.returns}`)]);
  groups.set("tables and views", tables.map((t) => entry(t.name, `SELECT * FROM "${t.name.replaceAll('"', '""')}" LIMIT 100`, t.columns ?? "")));
  $("reference").replaceChildren(...[...groups].map(([name, entries]) => made("div", null, made("h2", name), ...entries)));
  $("sql").value ||= tables.some((t) => t.name === "athlete_rolling_features")
    ? "SELECT as_of_date, daily_tss, ctl_42d, atl_7d, tsb, acwr\nFROM athlete_rolling_features\nORDER BY as_of_date DESC LIMIT 20" : "SELECT * FROM athlete_functions";
}

function find() {
  const words = $("find").value.toLowerCase().split(/\s+/);
  for (const details of $("reference").querySelectorAll("details")) details.hidden = !words.every((word) => details.dataset.words.includes(word));
  for (const group of $("reference").children) group.hidden = !group.querySelector("details:not([hidden])");
}

// --- models ----------------------------------------------------------------------------------------------------------

let of_model = null;

async function choose() {
  const [model, version, reason] = JSON.parse($("model").value);
  of_model = { model, version, ...(await ask("model", model, version)) };
  $("reason").textContent = reason;
  fill("foretold", of_model.foretold, ({ label }) => [label, label]);
  of_model.inputs = of_model.features.map(() => {
    const input = made("input");
    input.type = "number";
    input.step = "any";
    input.placeholder = "not known";
    return input;
  });
  $("features").replaceChildren(...of_model.features.map((name, i) => made("label", name, of_model.inputs[i])));
  take();
  await score();
}

/** The features of what was foretold into the form, where they can be changed. */
function take() {
  const row = of_model.foretold[$("foretold").selectedIndex];
  of_model.features.forEach((name, i) => { of_model.inputs[i].value = row?.given[name] ?? ""; });
}

async function score() {
  const { model, version, features, inputs, foretold, label, base, prediction } = of_model, row = foretold[$("foretold").selectedIndex];
  const { predictions, picture: svg } = await ask("explain", model, version, features, inputs.map(({ value }) => (value === "" ? null : Number(value))));
  const said = predictions.map((each) => each.toPrecision(7)).join(", ");
  $("prediction").textContent = `The model says ${said} (${label}${base ? `, from ${base} on` : ""})${row ? `; told then: ${row.predicted.toPrecision(7)} (${prediction})` : ""}.`;
  $("why").replaceChildren(picture(svg));
}

// --- the page --------------------------------------------------------------------------------------------------------

$("chosen").onchange = told(({ target }) => target.files.length > 0 && open(target.files[0]));
document.ondragover = (event) => { event.preventDefault(); $("drop").classList.add("over"); };
document.ondragleave = () => $("drop").classList.remove("over");
document.ondrop = told((event) => {
  event.preventDefault();
  $("drop").classList.remove("over");
  return event.dataTransfer.files.length > 0 && open(event.dataTransfer.files[0]);
});
for (const tab of document.querySelectorAll("nav button")) tab.onclick = () => show(tab.dataset.view);
$("stop").onclick = told(stop);
$("athlete").onchange = told(report);
$("run").onclick = told(run);
$("sql").onkeydown = (event) => { if (event.key === "Enter" && event.ctrlKey) $("run").click(); };
$("find").oninput = find;
$("model").onchange = told(choose);
$("foretold").onchange = told(() => { take(); return score(); });
$("score").onclick = told(score);
