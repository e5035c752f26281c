/** The page's own script: draws the charts, their legends and tables, and minds the theme. */
/* global Chart */
import { axisTitle, placeName } from '../charts/axes.js';
import { chartConfig, chartHeight, rangeText } from '../charts/chart-config.js';
import { figure } from '../charts/figures.js';
import { lookOf, themes } from '../charts/looks.js';

const printWidthPx = 680;

const specs = JSON.parse(document.getElementById('charts').textContent);
const darkPreferred = matchMedia('(prefers-color-scheme: dark)');
const family = getComputedStyle(document.body).fontFamily;
/** Chart id → what is drawn now. */
const drawn = new Map();
const hidden = new Map(specs.map((spec) => [spec.id, new Set()]));

for (const spec of specs) {
  const holder = document.getElementById(spec.id);
  if (spec.kind !== 'lines') holder.querySelector('.canvas').style.height = `${chartHeight(spec)}px`;
  holder.querySelector('details').addEventListener('toggle', (event) => fillTable(event.currentTarget, spec));
}
setUpTheme();
setUpCopy();
setUpPrint();
drawAll(themeNow());

// ---

function drawAll(name) {
  for (const spec of specs) draw(spec, themes[name]);
}

function draw(spec, theme) {
  const holder = document.getElementById(spec.id);
  drawn.get(spec.id)?.destroy();
  const chart = new Chart(holder.querySelector('.canvas canvas'), chartConfig(spec, theme, { family }));
  drawn.set(spec.id, chart);
  drawLegend(holder.querySelector('.legend'), spec, theme);
  showSeries(spec);
}

function drawLegend(list, spec, theme) {
  if (spec.series.length < 2) return;
  const items = spec.series.map((series, index) => {
    const button = element('button', { type: 'button', 'aria-pressed': String(!hidden.get(spec.id).has(index)) });
    button.append(sample(lookOf(theme, series.look), spec.kind), series.name);
    button.addEventListener('click', () => toggle(spec, index, button));
    const item = element('li');
    item.append(button);
    return item;
  });
  list.replaceChildren(...items);
}

function toggle(spec, index, button) {
  const set = hidden.get(spec.id);
  if (!set.delete(index)) set.add(index);
  button.setAttribute('aria-pressed', String(!set.has(index)));
  showSeries(spec);
}

function showSeries(spec) {
  const chart = drawn.get(spec.id);
  const set = hidden.get(spec.id);
  chart.data.datasets.forEach((dataset, index) => {
    chart.setDatasetVisibility(index, !set.has(dataset.series));
  });
  chart.update('none');
}

/** A piece of the line as it is drawn, with its marker. */
function sample({ color, dash, marker }, kind) {
  const canvas = element('canvas', { width: '68', height: '24', 'aria-hidden': 'true' });
  const context = canvas.getContext('2d');
  context.scale(2, 2);
  context.strokeStyle = color;
  context.fillStyle = color;
  context.lineWidth = 2;
  if (kind === 'bars') context.fillRect(10, 1, 14, 10);
  else {
    context.setLineDash(dash);
    context.beginPath();
    context.moveTo(0, 6);
    context.lineTo(34, 6);
    context.stroke();
    context.setLineDash([]);
    Chart.helpers.drawPoint(context, { pointStyle: marker, radius: 3.5, borderWidth: 1.5, rotation: 0 }, 17, 6);
  }
  return canvas;
}

/** The numbers of a chart as a table, made when first asked for. */
function fillTable(details, spec) {
  const table = details.querySelector('table');
  if (!details.open || table.rows.length > 0) return;
  const lines = spec.kind === 'lines';
  const unit = lines ? spec.y.unit : spec.x.unit;
  const first = lines ? axisTitle(spec.x) : spec.y.label;
  const names = spec.series.map(({ name }) => (unit ? `${name}, ${unit}` : name));
  const head = table.createTHead().insertRow();
  head.append(element('th', { scope: 'col' }, first));
  for (const name of names) head.append(element('th', { scope: 'col', class: 'number' }, name));
  const body = table.createTBody();
  for (const [place, values] of rowsOf(spec)) {
    const row = body.insertRow();
    row.append(element('th', { scope: 'row' }, place));
    for (const value of values) row.append(element('td', { class: 'number' }, value));
  }
}

/** `[place, a cell for each series]`, by place; series need not share places. */
function rowsOf(spec) {
  if (spec.kind !== 'lines')
    return spec.y.names.map((name, index) => [name, spec.series.map((series) => cellText(series, index))]);
  const byPlace = new Map();
  spec.series.forEach((series, column) => {
    (series.places ?? spec.places).forEach((place, index) => {
      if (!byPlace.has(place)) byPlace.set(place, new Array(spec.series.length).fill(''));
      byPlace.get(place)[column] = cellText(series, index);
    });
  });
  return [...byPlace].sort(([a], [b]) => a - b).map(([place, cells]) => [placeName(spec.x, place), cells]);
}

function cellText(series, index) {
  const range = rangeText(series, index);
  return figure(series.values[index]) + (range && ` (${range})`);
}

function themeNow() {
  return document.documentElement.dataset.theme ?? (darkPreferred.matches ? 'dark' : 'light');
}

function setUpTheme() {
  const button = document.querySelector('.theme');
  const label = () => {
    button.textContent = themeNow() === 'dark' ? 'Light theme' : 'Dark theme';
  };
  button.hidden = false;
  label();
  button.addEventListener('click', () => {
    document.documentElement.dataset.theme = themeNow() === 'dark' ? 'light' : 'dark';
    label();
    drawAll(themeNow());
  });
  darkPreferred.addEventListener('change', () => {
    label();
    drawAll(themeNow());
  });
}

function setUpCopy() {
  const button = document.querySelector('.copy');
  // A page opened from a file may not reach the clipboard everywhere; the line can still be selected.
  if (!button || !navigator.clipboard) return;
  button.hidden = false;
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(document.getElementById('again-line').textContent);
      button.textContent = 'Copied';
    } catch {
      button.textContent = 'Select the line to copy it';
    }
  });
}

/** Paper is light and narrow. */
function setUpPrint() {
  let chosen;
  addEventListener('beforeprint', () => {
    chosen = document.documentElement.dataset.theme;
    document.documentElement.dataset.theme = 'light';
    drawAll('light');
    for (const chart of drawn.values()) {
      const { clientWidth, clientHeight } = chart.canvas.parentNode;
      chart.resize(Math.min(clientWidth, printWidthPx), clientHeight);
    }
  });
  addEventListener('afterprint', () => {
    if (chosen === undefined) delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = chosen;
    drawAll(themeNow());
  });
}

function element(name, attributes = {}, text = '') {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.textContent = text;
  return made;
}
