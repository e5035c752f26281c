import { createCanvas, loadImage } from '@napi-rs/canvas';
import { describe, expect, it } from 'vitest';
import { pngComparisonReporter, pngReporter } from '../../../src/metrics/reporters/png.ts';
import { memoryWriter } from '../../helpers/memory-writer.ts';
import { sampleComparison } from '../../helpers/sample-comparison.ts';
import { sampleRun } from '../../helpers/sample-runs.ts';

describe('pictures', () => {
  it('are 1600 by 900, on white, with lines and letters on them', async () => {
    const out = memoryWriter();
    await pngReporter(sampleRun(), out);
    await pngComparisonReporter(sampleComparison(), out);
    expect([...out.files.keys()]).toEqual(['latency.png', 'distribution.png', 'distributions.png', 'differences.png']);
    for (const content of out.files.values()) {
      const image = await loadImage(Buffer.from(content as Uint8Array));
      expect([image.width, image.height]).toEqual([1600, 900]);
      const canvas = createCanvas(1600, 900);
      const context = canvas.getContext('2d');
      context.drawImage(image, 0, 0);
      expect([...context.getImageData(0, 0, 1, 1).data]).toEqual([255, 255, 255, 255]);
      expect(inked(context.getImageData(0, 0, 1600, 45).data)).toBeGreaterThan(500);
      expect(inked(context.getImageData(200, 250, 1200, 450).data)).toBeGreaterThan(2000);
    }
  });
});

function inked(data: Uint8ClampedArray): number {
  let count = 0;
  for (let at = 0; at < data.length; at += 4) if (data[at]! < 200) count++;
  return count;
}
