import type { ChartConfiguration } from 'chart.js';
import type { ChartSpec } from './spec.ts';

export interface ConfigOptions {
  /** CSS font family. */
  readonly family: string;
  readonly legend?: boolean;
  readonly title?: boolean;
  readonly scale?: number;
}

export function chartConfig(spec: ChartSpec, theme: Theme, options: ConfigOptions): ChartConfiguration;
export function chartHeight(spec: ChartSpec): number;

type Theme = typeof import('./looks.js').themes['light'];
