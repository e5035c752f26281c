/** What Chart.js does not draw by itself: fault bands, phase marks, whiskers, labels within bars. */

const labelRowsMax = 3;

/** Faults as bands with their names; phases as thin lines with theirs above the chart. */
export function timeSpans(spec, { theme, font }) {
  const visible = (scale) => (span) => span.toSec >= scale.min && span.fromSec <= scale.max;
  return {
    id: 'timeSpans',
    beforeDatasetsDraw({ ctx, chartArea, scales: { x } }) {
      ctx.save();
      for (const phase of spec.phases.filter(visible(x)))
        line(ctx, x.getPixelForValue(phase.fromSec), chartArea, theme.grid);
      for (const band of spec.bands.filter(visible(x))) fillBand(ctx, bandBox(band, x, chartArea), band.sure, theme);
      ctx.restore();
    },
    afterDraw(chart) {
      const {
        ctx,
        chartArea,
        scales: { x },
      } = chart;
      ctx.save();
      ctx.font = fontOf(font);
      drawPhaseNames(ctx, spec.phases.filter(visible(x)), x, chartArea, theme);
      drawBandNames(ctx, spec.bands.filter(visible(x)), { x, area: chartArea, theme, rowPx: font.size + 4 });
      ctx.restore();
    },
  };
}

/** The line at zero, and for each place its interval and its dot: filled if a difference was shown. */
export function whiskers(spec, { theme, scale }) {
  const [{ values, low, high, states }] = spec.series;
  return {
    id: 'whiskers',
    beforeDatasetsDraw({ ctx, chartArea, scales: { x } }) {
      ctx.save();
      line(ctx, x.getPixelForValue(0), chartArea, theme.muted);
      ctx.restore();
    },
    afterDatasetsDraw({ ctx, scales: { x, y } }) {
      ctx.save();
      values.forEach((value, index) => {
        if (value === null) return;
        const state = states[index];
        const at = { x: x.getPixelForValue(value), y: y.getPixelForValue(index) };
        ctx.strokeStyle = theme[state];
        ctx.lineWidth = 1.5 * scale;
        if (low[index] !== null && high[index] !== null)
          whisker(ctx, x.getPixelForValue(low[index]), x.getPixelForValue(high[index]), at.y, 5 * scale);
        ctx.fillStyle = state === 'none' ? theme.paper : theme[state];
        dot(ctx, at, state, 5 * scale);
      });
      ctx.restore();
    },
  };
}

/** The value within each segment that has room for it. */
export function barLabels({ theme, font }) {
  return {
    id: 'barLabels',
    afterDatasetsDraw(chart) {
      const { ctx } = chart;
      ctx.save();
      ctx.font = fontOf(font, 600);
      ctx.fillStyle = theme.paper;
      ctx.textAlign = 'center';
      ctx.textBaseline = 'middle';
      chart.data.datasets.forEach((dataset, index) => {
        if (!chart.isDatasetVisible(index)) return;
        chart.getDatasetMeta(index).data.forEach((bar, place) => {
          const text = `${dataset.label} ${Math.round(dataset.data[place] ?? 0)} %`;
          const short = `${Math.round(dataset.data[place] ?? 0)} %`;
          const room = Math.abs(bar.x - bar.base) - 6;
          const shown = [text, short].find((each) => ctx.measureText(each).width <= room);
          if (shown) ctx.fillText(shown, (bar.x + bar.base) / 2, bar.y);
        });
      });
      ctx.restore();
    },
  };
}

/** Says so where there is nothing to draw, lest an empty frame pass for a flat line. */
export function emptyNote(spec, { theme, font }) {
  const empty = spec.series.every(({ values }) => values.every((value) => value === null));
  return {
    id: 'emptyNote',
    afterDraw({ ctx, chartArea }) {
      if (!empty) return;
      ctx.save();
      ctx.font = fontOf(font);
      ctx.fillStyle = theme.muted;
      ctx.textAlign = 'center';
      ctx.fillText(
        'nothing was measured',
        (chartArea.left + chartArea.right) / 2,
        (chartArea.top + chartArea.bottom) / 2,
      );
      ctx.restore();
    },
  };
}

// ---

function fontOf({ family, size }, weight = 400) {
  return `${weight} ${size}px ${family}`;
}

function line(ctx, x, area, color) {
  ctx.strokeStyle = color;
  ctx.lineWidth = 1;
  ctx.beginPath();
  ctx.moveTo(x, area.top);
  ctx.lineTo(x, area.bottom);
  ctx.stroke();
}

function bandBox(band, x, area) {
  const left = Math.max(x.getPixelForValue(band.fromSec), area.left);
  const right = Math.min(x.getPixelForValue(band.toSec), area.right);
  // A fault of no length is still seen.
  return { left, width: Math.max(right - left, 2), top: area.top, height: area.bottom - area.top };
}

function fillBand(ctx, box, sure, theme) {
  ctx.fillStyle = theme.band;
  ctx.strokeStyle = theme.bandEdge;
  ctx.lineWidth = 1;
  if (sure) ctx.fillRect(box.left, box.top, box.width, box.height);
  ctx.setLineDash(sure ? [] : [4, 4]);
  ctx.strokeRect(box.left, box.top, box.width, box.height);
  ctx.setLineDash([]);
}

/** A name that has no room between its marks is left out: the table of phases has them all. */
function drawPhaseNames(ctx, phases, x, area, theme) {
  ctx.fillStyle = theme.muted;
  ctx.textBaseline = 'bottom';
  for (const phase of phases) {
    const left = x.getPixelForValue(phase.fromSec);
    const room = Math.min(x.getPixelForValue(phase.toSec), area.right) - left;
    if (ctx.measureText(phase.label).width + 6 <= room) ctx.fillText(phase.label, left + 3, area.top - 3);
  }
}

/** Names that would run into each other go to the next row; beyond the last row they are left to the table of faults. */
function drawBandNames(ctx, bands, { x, area, theme, rowPx }) {
  ctx.textBaseline = 'top';
  const rowEnds = new Array(labelRowsMax).fill(-Infinity);
  for (const band of bands) {
    const text = band.sure ? band.label : `${band.label} (no effect seen)`;
    const width = ctx.measureText(text).width;
    const left = Math.max(Math.min(x.getPixelForValue(band.fromSec) + 4, area.right - width - 2), area.left + 2);
    const row = rowEnds.findIndex((end) => end <= left);
    if (row < 0) continue;
    rowEnds[row] = left + width + 8;
    // A halo of paper keeps the name readable on lines.
    ctx.lineWidth = 3;
    ctx.strokeStyle = theme.paper;
    ctx.strokeText(text, left, area.top + 4 + row * rowPx);
    ctx.fillStyle = theme.text;
    ctx.fillText(text, left, area.top + 4 + row * rowPx);
  }
}

function whisker(ctx, left, right, y, size) {
  ctx.beginPath();
  ctx.moveTo(left, y);
  ctx.lineTo(right, y);
  for (const end of [left, right]) {
    ctx.moveTo(end, y - size);
    ctx.lineTo(end, y + size);
  }
  ctx.stroke();
}

function dot(ctx, { x, y }, state, size) {
  ctx.beginPath();
  if (state === 'worse') {
    ctx.moveTo(x, y - size * 1.2);
    ctx.lineTo(x + size * 1.2, y + size);
    ctx.lineTo(x - size * 1.2, y + size);
    ctx.closePath();
  } else ctx.arc(x, y, size, 0, 2 * Math.PI);
  ctx.fill();
  ctx.stroke();
}
