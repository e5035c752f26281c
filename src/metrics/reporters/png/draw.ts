import type { Canvas } from '@napi-rs/canvas';
import type { Chart, ChartItem } from 'chart.js';
import { chartConfig } from '../charts/chart-config.js';
import { themes } from '../charts/looks.js';
import type { ChartSpec } from '../charts/spec.ts';
import type { Writer } from '../reporter.ts';
import { findFont, noFont } from './font.ts';

const width = 1600;
const height = 900;
const margin = 40;
const gap = 28;
const captionRow = 30;
const theme = themes.light;

export interface Picture {
  readonly name: string;
  /** Lines above the charts. */
  readonly captions: readonly string[];
  readonly charts: readonly ChartSpec[];
}

/** Draws and writes each picture; on a machine without a font it says so instead: the other reports must not suffer. */
export async function writePictures(pictures: readonly Picture[], out: Writer): Promise<void> {
  const family = await findFont();
  if (family === null) return out.print(noFont);
  for (const picture of pictures) await out.file(picture.name, await drawPicture(picture, family));
}

// ---

async function drawPicture({ captions, charts: specs }: Picture, family: string): Promise<Uint8Array> {
  // Loaded only when a picture is wanted: the native library is large.
  const { createCanvas } = await import('@napi-rs/canvas');
  const canvas = createCanvas(width, height);
  const context = canvas.getContext('2d');
  context.fillStyle = theme.paper;
  context.fillRect(0, 0, width, height);
  context.fillStyle = theme.muted;
  context.font = `20px ${family}`;
  const lines = specs.length > 0 ? captions : [...captions, 'Nothing was measured.'];
  for (const [row, line] of lines.entries())
    context.fillText(line, margin, margin + row * captionRow, width - 2 * margin);
  for (const [index, spec] of specs.entries()) {
    const box = boxOf(index, specs.length, margin + lines.length * captionRow);
    const part = createCanvas(box.width, box.height);
    const chart = await drawChart(part, spec, { family, scale: specs.length > 1 ? 1.5 : 2 });
    context.drawImage(part, box.left, box.top);
    // Only now: destroying clears the canvas.
    chart.destroy();
  }
  return canvas.toBuffer('image/png');
}

interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** One chart fills the picture, two to four stand in two columns, more in three. */
function boxOf(index: number, count: number, top: number): Box {
  const columns = count === 1 ? 1 : count <= 4 ? 2 : 3;
  const rows = Math.ceil(count / columns);
  const cell = { width: (width - 2 * margin + gap) / columns, height: (height - top - margin + gap) / rows };
  return {
    left: Math.round(margin + (index % columns) * cell.width),
    top: Math.round(top + Math.floor(index / columns) * cell.height),
    width: Math.floor(cell.width - gap),
    height: Math.floor(cell.height - gap),
  };
}

async function drawChart(canvas: Canvas, spec: ChartSpec, look: { family: string; scale: number }): Promise<Chart> {
  const { Chart: AnyChart } = await import('chart.js/auto');
  const config = chartConfig(spec, theme, { ...look, title: true, legend: spec.series.length > 1 });
  const options = { ...config.options, responsive: false, devicePixelRatio: 1 };
  // Chart.js needs of a canvas only what this one has.
  const chart = new AnyChart(canvas as unknown as ChartItem, { ...config, options });
  chart.draw();
  return chart;
}
