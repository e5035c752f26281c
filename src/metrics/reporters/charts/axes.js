/** Chart.js scales for the axes of a chart. */
import { clockTime, figure, percentileName } from './figures.js';

const secondSteps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400];
const percentilePlaces = [1, 2, 4, 10, 20, 100, 200, 1000, 10_000, 100_000, 1_000_000];

/** `font` is what its letters are drawn with. */
export function axisOf(axis, { theme, font, values }) {
  const base = frame(axis, theme, font);
  const kind = kinds[axis.scale](axis, values);
  return { ...base, ...kind, ticks: { ...base.ticks, ...kind.ticks } };
}

/** `latency, ms (log scale)`. */
export function axisTitle(axis) {
  if (axis.scale === 'names') return '';
  if (axis.scale === 'time') return `${axis.label}, ${axis.max <= 180 ? 's' : 'min:s'}`;
  const unit = axis.unit && axis.label !== axis.unit ? `${axis.label}, ${axis.unit}` : axis.label;
  return axis.scale === 'log' ? `${unit} (log scale)` : unit;
}

/** A place on the axis in words, for tooltips and tables. */
export function placeName(axis, place) {
  if (axis.scale === 'time') return clockTime(place, axis.max);
  if (axis.scale === 'percentile') return percentileName(place);
  return figure(place);
}

/** The smallest and largest power-of-ten step (1, 2, 5) around the positive values. */
export function logLimits(values) {
  let low = Infinity;
  let high = 0;
  for (const value of values) {
    if (value === null || value <= 0) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (high === 0) return { min: 0.1, max: 10 };
  const min = stepAround(low, Math.floor);
  return { min, max: Math.max(stepAround(high, Math.ceil), min * 10) };
}

// ---

const kinds = {
  linear: (axis) => ({
    type: 'linear',
    min: axis.min,
    max: axis.max,
    grace: axis.max === undefined ? '5%' : undefined,
    ticks: { maxTicksLimit: 7, callback: (value) => figure(Number(value.toPrecision(8))), maxRotation: 0 },
  }),
  time: (axis) => ({
    type: 'linear',
    min: axis.min,
    max: axis.max,
    afterBuildTicks: (scale) => {
      const room = Math.max(scale.chart.width / 80, 2);
      const step = secondSteps.find((seconds) => axis.max / seconds <= room) ?? axis.max;
      scale.ticks = steps(0, axis.max, step).map((value) => ({ value }));
    },
    ticks: { autoSkip: false, maxRotation: 0, callback: (value) => clockTime(value, axis.max).replace(' s', '') },
  }),
  log: (_axis, values) => ({
    type: 'logarithmic',
    ...logLimits(values),
    afterBuildTicks: (scale) => {
      const decades = Math.log10(scale.max / scale.min);
      const factors = decades > 4 ? [1] : decades > 2.5 ? [1, 3] : [1, 2, 5];
      scale.ticks = decadeTicks(scale.min, scale.max, factors);
    },
    ticks: { autoSkip: false, callback: (value) => figure(Number(value.toPrecision(3))) },
  }),
  percentile: (_axis, values) => ({
    type: 'logarithmic',
    min: 1,
    max: values.reduce((max, value) => Math.max(max, value ?? 0), 10),
    afterBuildTicks: (scale) => {
      const narrow = scale.chart.width < 480;
      const crowded = narrow || scale.max > 2000;
      scale.ticks = percentilePlaces
        .filter((value) => value <= scale.max && !(crowded && [4, 20, 200].includes(value)) && !(narrow && value === 1))
        .map((value) => ({ value }));
    },
    ticks: { autoSkip: false, maxRotation: 0, callback: percentileName },
  }),
  names: (axis) => ({
    type: 'category',
    labels: axis.names,
    offset: true,
    grid: { display: false },
    ticks: {
      autoSkip: false,
      callback(_value, index) {
        const name = axis.names[index];
        const charactersMax = this.chart.width < 480 ? 16 : 30;
        return name.length > charactersMax ? `${name.slice(0, charactersMax - 1)}…` : name;
      },
    },
  }),
};

function frame(axis, theme, font) {
  const text = axisTitle(axis);
  return {
    border: { color: theme.grid },
    grid: { color: theme.grid, tickColor: theme.grid },
    title: { display: text !== '', text, color: theme.muted, font },
    ticks: { color: theme.muted, font },
  };
}

function decadeTicks(min, max, factors) {
  const ticks = [];
  for (let decade = 10 ** Math.floor(Math.log10(min)); decade <= max; decade *= 10) {
    for (const factor of factors) {
      const value = Number((decade * factor).toPrecision(3));
      if (value >= min * 0.999 && value <= max * 1.001) ticks.push({ value });
    }
  }
  return ticks;
}

/** 1, 2 or 5 times a power of ten, at or below (`Math.floor`) or at or above (`Math.ceil`) the value. */
function stepAround(value, round) {
  const decade = 10 ** Math.floor(Math.log10(value));
  const factors = [1, 2, 5, 10];
  const factor =
    round === Math.floor
      ? factors.findLast((step) => step * decade <= value * 1.0001)
      : factors.find((step) => step * decade >= value * 0.9999);
  return Number(((factor ?? 1) * decade).toPrecision(3));
}

function steps(from, to, step) {
  return Array.from({ length: Math.floor((to - from) / step + 1e-9) + 1 }, (_, index) => from + index * step);
}
