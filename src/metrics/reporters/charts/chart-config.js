/** From a chart as data to a Chart.js configuration; plain script, so that the page and the PNG draw the same. */
import { axisOf, logLimits, placeName } from './axes.js';
import { figure } from './figures.js';
import { faded, lookOf } from './looks.js';
import { barLabels, emptyNote, timeSpans, whiskers } from './plugins.js';

const markersPerLine = 12;

/**
 * `legend` and `title` are drawn into the picture; the page has its own. `scale` enlarges lines and letters.
 */
export function chartConfig(spec, theme, { family, legend = false, title = false, scale = 1 }) {
  const look = { theme, scale, font: { family, size: Math.round(11 * scale) } };
  const made = makers[spec.kind](spec, look);
  // Room right above the chart, for the names of phases or the upper half of the highest number.
  const above = look.font.size * (spec.phases.length > 0 ? 1.7 : 0.8);
  return {
    ...made,
    plugins: [...made.plugins, emptyNote(spec, look)],
    options: {
      animation: false,
      normalized: true,
      maintainAspectRatio: false,
      layout: { padding: { top: title ? 0 : above, right: 14 * scale } },
      ...made.options,
      plugins: {
        legend: { display: legend, position: 'bottom', labels: legendLabels(spec, look) },
        ...titles(spec, look, title, above),
        tooltip: tooltipOf(spec),
      },
    },
  };
}

/** Pixels that a chart needs to be readable. */
export function chartHeight(spec) {
  if (spec.kind === 'intervals') return 64 + 30 * spec.y.names.length;
  if (spec.kind === 'bars') return 64 + 34 * spec.y.names.length;
  return 320;
}

/** The interval around a value, in words; empty if it has none. */
export function rangeText(series, index) {
  const [low, high] = [series.low?.[index], series.high?.[index]];
  return low === undefined || low === null || high === null ? '' : `${figure(low)} to ${figure(high)}`;
}

// ---

const makers = {
  lines: (spec, look) => ({
    type: 'line',
    data: { datasets: spec.series.flatMap((_, index) => lineDatasets(spec, index, look)) },
    options: {
      parsing: false,
      interaction: { mode: 'nearest', axis: 'x', intersect: false },
      scales: scalesOf(spec, look),
    },
    plugins: spec.x.scale === 'time' ? [timeSpans(spec, look)] : [],
  }),
  bars: (spec, look) => ({
    type: 'bar',
    data: {
      labels: spec.y.names,
      datasets: spec.series.map((series, index) => ({
        label: series.name,
        series: index,
        data: series.values,
        backgroundColor: lookOf(look.theme, series.look).color,
        borderColor: look.theme.paper,
        borderWidth: 1,
        borderSkipped: false,
      })),
    },
    options: { indexAxis: 'y', scales: scalesOf(spec, look, { stacked: true }) },
    plugins: [barLabels(look)],
  }),
  intervals: (spec, look) => {
    const [{ values, low, high }] = spec.series;
    const all = [0, ...values, ...low, ...high].filter((value) => value !== null);
    const scales = scalesOf(spec, look);
    const x = { ...scales.x, suggestedMin: Math.min(...all), suggestedMax: Math.max(...all) };
    // The plugin draws dots that tell by their shape; these points only answer the pointer.
    const data = values.map((value, index) => ({ x: value, y: spec.y.names[index] }));
    return {
      type: 'scatter',
      data: { datasets: [{ label: spec.title, series: 0, data, pointRadius: 0, pointHitRadius: 12 }] },
      options: { scales: { ...scales, x } },
      plugins: [whiskers(spec, look)],
    };
  },
};

function scalesOf(spec, { theme, font }, extra = {}) {
  const values = spec.series.flatMap(({ values, low = [], high = [] }) => [...values, ...low, ...high]);
  const places = spec.series.flatMap((series) => series.places ?? spec.places);
  const x = axisOf(spec.x, { theme, font, values: places });
  const y = axisOf(spec.y, { theme, font, values });
  return { x: { ...x, ...extra }, y: { ...y, ...extra } };
}

/** A line and, below it, its band. */
function lineDatasets(spec, index, { theme, scale }) {
  const series = spec.series[index];
  const { color, dash, marker } = lookOf(theme, series.look);
  const places = series.places ?? spec.places;
  // What has no logarithm lies on the edge.
  const floor = spec.y.scale === 'log' ? logLimits(spec.series.flatMap(({ values }) => values)).min : -Infinity;
  const points = (values) =>
    places.map((x, place) => ({ x, y: values[place] === null ? Number.NaN : Math.max(values[place], floor) }));
  const line = {
    label: series.name,
    series: index,
    data: points(series.values),
    borderColor: color,
    backgroundColor: color,
    borderWidth: 2 * scale,
    borderDash: dash.map((length) => length * scale),
    pointStyle: marker,
    pointRadius: ({ dataIndex }) => (marked(series, dataIndex) ? 3.5 * scale : 0),
    pointBorderWidth: 1.5 * scale,
    pointHoverRadius: 4 * scale,
    clip: 6 * scale,
  };
  return series.low ? [...band(index, color, points(series.low), points(series.high)), line] : [line];
}

/** Some points carry the line's marker, and those that no line would show: with nothing to either side. */
function marked({ values, look }, index) {
  const alone = (values[index - 1] ?? null) === null && (values[index + 1] ?? null) === null;
  const every = Math.max(Math.ceil(values.length / markersPerLine), 1);
  return alone || index % every === (look * 2) % every;
}

function band(index, color, low, high) {
  const edge = { series: index, band: true, borderWidth: 0, pointRadius: 0, pointHitRadius: 0 };
  const fill = { target: '-1' };
  return [
    { ...edge, data: low, fill: false },
    { ...edge, data: high, fill, backgroundColor: faded(color, 0.12) },
  ];
}

function legendLabels(spec, { theme, scale, font }) {
  return {
    font,
    usePointStyle: true,
    pointStyleWidth: 42 * scale,
    padding: 14 * scale,
    generateLabels: () =>
      spec.series.map(({ name, look }, index) => {
        const { color, dash } = lookOf(theme, look);
        return {
          text: name,
          datasetIndex: index,
          fontColor: theme.text,
          fillStyle: color,
          strokeStyle: color,
          lineWidth: 2.5 * scale,
          lineDash: dash.map((length) => length * scale),
          pointStyle: spec.kind === 'lines' ? 'line' : 'rect',
        };
      }),
  };
}

/** The room above the chart goes below the last of the two. */
function titles(spec, { theme, font }, shown, above) {
  const noted = spec.note !== '';
  const common = { align: 'start', font };
  const padding = (last) => ({ top: 0, bottom: last ? above : font.size * 0.6 });
  return {
    title: {
      ...common,
      display: shown,
      text: spec.title,
      color: theme.text,
      font: { ...font, size: font.size * 1.5, weight: 700 },
      padding: padding(!noted),
    },
    subtitle: { ...common, display: shown && noted, text: spec.note, color: theme.muted, padding: padding(true) },
  };
}

function tooltipOf(spec) {
  const value = (item) => spec.series[item.dataset.series].values[item.dataIndex];
  const unit = spec.kind === 'lines' ? spec.y.unit : spec.x.unit;
  return {
    filter: (item) => !item.dataset.band,
    callbacks: {
      title: ([item]) => {
        if (!item) return '';
        return spec.kind === 'lines' ? placeName(spec.x, item.parsed.x) : spec.y.names[item.dataIndex];
      },
      label: (item) => {
        const range = rangeText(spec.series[item.dataset.series], item.dataIndex);
        return `${item.dataset.label}: ${figure(value(item))} ${unit}${range && ` (${range})`}`;
      },
    },
  };
}
