import { defineScenario } from '../sim/index.ts';

export default defineScenario({
  name: 'image-sharing',
  description:
    'Friends and groups send each other encrypted images of some 200 KB, up to megabytes, and everybody looks at them at once: byte for byte what was sent, for nobody else, and not in the way of messages.',
  users: 100,
  topology: { kind: 'groups', count: 40, size: 5 },
  pace: { kind: 'constant', perSec: 60 },
  measureMs: 20_000,
  images: { perSec: 6, medianBytes: 200_000, sigma: 1, maxBytes: 5_000_000, strangerShare: 0.2 },
  thresholds: [
    'upload.p90 < 2s',
    'download.p90 < 2s',
    'images.denied > 0',
    'servers.memory.max < 600MiB',
    'delivery.p99 < 500ms',
    'accepted.rate >= 99.9%',
    'lost == 0',
    'duplicated == 0',
    'reordered == 0',
  ],
});
