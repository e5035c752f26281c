import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jain } from '../../../../src/metrics/reporters/charts/comparison-charts.ts';
import { runDistribution } from '../../../../src/metrics/reporters/charts/distribution-charts.ts';
import { figure, measured, percentileName } from '../../../../src/metrics/reporters/charts/figures.js';
import { folded, gridOf } from '../../../../src/metrics/reporters/charts/grid.ts';
import { lookOf, themes } from '../../../../src/metrics/reporters/charts/looks.js';
import { serverCharts } from '../../../../src/metrics/reporters/charts/server-charts.ts';
import { latencyOverTime } from '../../../../src/metrics/reporters/charts/time-charts.ts';
import { hugeRun, sampleRun } from '../../../helpers/sample-runs.ts';

describe('windows of time', () => {
  const run = hugeRun();

  it('never lose the worst second, and keep the mean of the whole', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 400 }),
        fc.integer({ min: 1, max: 50 }),
        (values, pointsMax) => {
          const points = values.map((value, second) => ({ second, value }));
          const grid = gridOf(
            { ...run, series: points as never, samples: [], record: { ...run.record, phases: [] } },
            pointsMax,
          );
          const of = {
            second: (point: { second: number }) => point.second,
            value: (point: { value: number }) => point.value,
          };
          const worst = folded(grid, points, { ...of, fold: 'worst' });
          expect(worst.length).toBeLessThanOrEqual(Math.max(pointsMax, 1));
          expect(Math.max(...worst.map((value) => value ?? 0))).toBe(Math.max(...values));
          const means = folded(grid, points, { ...of, fold: 'mean' });
          const total = means.reduce<number>((sum, mean, index) => {
            const inWindow = points.filter(({ second }) => Math.floor(second / grid.windowSec) === index).length;
            return sum + (mean ?? 0) * inWindow;
          }, 0);
          const expected = values.reduce((sum, value) => sum + value, 0);
          expect(Math.abs(total - expected)).toBeLessThanOrEqual(expected * 0.001 + 1e-9);
        },
      ),
    );
  });

  it('leave a gap where nothing was measured', () => {
    const chart = latencyOverTime(sampleRun());
    expect(chart.series[0]!.values.slice(0, 3)).toEqual([null, null, null]);
  });

  it('give many servers coarser charts, not a bigger page', () => {
    const numbers = serverCharts(sampleRun({ seconds: 900, servers: 64 })).flatMap(({ series }) =>
      series.flatMap(({ values }) => values),
    );
    expect(numbers.length).toBeLessThan(45_000);
  });
});

describe('charts of servers', () => {
  const titles = (run: Parameters<typeof serverCharts>[0]) => serverCharts(run).map(({ id }) => id);

  it('show what quotas withheld and the network where containers were measured, and only there', () => {
    const run = sampleRun();
    expect(titles(run).filter((id) => /throttled|network/.test(id))).toEqual([]);
    const inContainer = { throttledFraction: 0.5, receivedBytesPerSec: 1024, sentBytesPerSec: 1024 };
    const samples = run.samples.map((sample) => (sample.role === 'generator' ? sample : { ...sample, ...inContainer }));
    const charts = serverCharts({ ...run, samples: samples.toReversed() });
    const throttled = charts.find(({ id }) => id === 'servers-throttled')!;
    expect(throttled.series.map(({ name }) => name)).toEqual(['s1', 's2', 's3']);
    expect(throttled.series[0]!.values).toContain(0.5);
    const network = charts.find(({ id }) => id === 'others-network')!;
    expect(network.series.map(({ name }) => name)).not.toContain('generator');
    expect(network.series[0]!.values).toContain(2);
  });
});

describe('the distribution', () => {
  it('ends where fewer than ten samples stand behind a percentile', () => {
    const run = sampleRun();
    const { places } = runDistribution(run).series[0]!;
    const count = run.summary.latency.delivery.count;
    expect(Math.max(...places!)).toBeLessThanOrEqual(count / 10);
    expect(Math.max(...places!)).toBeGreaterThan(count / 12);
  });

  it('names the places of its axis by percentile', () => {
    expect([1, 2, 10, 100, 1000, 10_000].map(percentileName)).toEqual([
      '0 %',
      '50 %',
      '90 %',
      '99 %',
      '99.9 %',
      '99.99 %',
    ]);
  });
});

describe('looks', () => {
  it.each(Object.entries(themes))('of the %s theme stand out from their paper by 3 to 1', (_name, theme) => {
    const colors = [...theme.looks, theme.better, theme.worse, theme.none];
    for (const color of colors) expect(contrast(color, theme.paper)).toBeGreaterThanOrEqual(3);
    for (const color of [theme.text, theme.muted]) expect(contrast(color, theme.paper)).toBeGreaterThanOrEqual(4.5);
  });

  it('differ by dash or marker where colours could be mistaken', () => {
    const shapes = themes.light.looks.map((_, look) => {
      const { dash, marker } = lookOf(themes.light, look);
      return JSON.stringify([dash, marker]);
    });
    expect(new Set(shapes).size).toBe(shapes.length);
  });
});

describe('figures', () => {
  it.each([
    [0, '0', '0'],
    [3, '3.00', '3'],
    [0.0456, '0.0456', '0.0456'],
    [9.999, '10.0', '10.0'],
    [99.97, '100', '100'],
    [-12.34, '-12.3', '-12.3'],
    [12_345.6, '12,346', '12,346'],
    [Number.NaN, '–', '–'],
  ])('%d reads as %s when measured and %s when counted', (value, whenMeasured, whenCounted) => {
    expect(measured(value)).toBe(whenMeasured);
    expect(figure(value)).toBe(whenCounted);
  });
});

describe("Jain's index", () => {
  it('is 1 for equal shares and 1/n when one has all', () => {
    expect(jain([0.25, 0.25, 0.25, 0.25])).toBeCloseTo(1);
    expect(jain([1, 0, 0, 0])).toBeCloseTo(0.25);
    expect(jain([])).toBeNull();
  });
});

/** WCAG 2 contrast ratio of two `#rrggbb` colours. */
function contrast(first: string, second: string): number {
  const [light, dark] = [luminance(first), luminance(second)].sort((a, b) => b - a) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

function luminance(color: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
