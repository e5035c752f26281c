/** Entry of a worker thread: drives its share of the users on the machine's clock and records into files of its own. */
import { parentPort, workerData } from 'node:worker_threads';
import { type Clock, createSeededRandom } from '../../system/index.ts';
import { createNodeCiphers, createSystemClock, createWsTransport } from '../../system/node.ts';
import { createCrowd } from './crowd.ts';
import type { LocalCrowd } from './crowd-contract.ts';
import { type CrowdFiles, openCrowdFiles } from './crowd-files.ts';
import { encryptionOf } from './encryption.ts';
import { createSecondsRecorder, type LineSinks } from './seconds.ts';
import { createThreadVitals } from './thread-vitals.ts';
import { buildTrace, usersOf } from './trace/trace.ts';
import type { WorkerCall, WorkerNews, WorkerOrder, WorkerReport } from './worker-messages.ts';

const totalsEveryMs = 50;
/** Time for the last frames to leave before the thread ends. */
const partingMs = 100;

function serve(order: WorkerOrder): void {
  const clock = createSystemClock();
  const heard = order.follow ? tellLines : null;
  const files = openCrowdFiles({ ...order, history: order.scenario.history, heard });
  const crowd = crowdOf(order, clock, files);
  const tell = setInterval(() => {
    const news = crowd.takeNews();
    if (news.length > 0) report({ kind: 'news', news });
    report({ kind: 'totals', totals: crowd.totals() });
  }, totalsEveryMs);

  const perform = async (call: WorkerCall): Promise<void> => {
    if (call.method === 'connect' || call.method === 'send') await crowd[call.method](call.startMs);
    else await crowd[call.method]();
    if (call.method !== 'stop') return;
    clearInterval(tell);
    await new Promise<void>((resolve) => clock.after(partingMs, resolve));
    await files.close();
  };

  parentPort?.on('message', (call: WorkerCall | WorkerNews) => {
    if (call.method === 'hear') {
      crowd.hear(call.news);
      return;
    }
    perform(call).then(
      () => report({ kind: 'done', id: call.id, totals: crowd.totals() }),
      (error: unknown) => report({ kind: 'failed', id: call.id, reason: (error as Error).message }),
    );
  });
}

function crowdOf(order: WorkerOrder, clock: Clock, files: CrowdFiles): LocalCrowd {
  const { scenario, seed, worker, workers, endpoints, tag, runStartMs, session } = order;
  const transports = endpoints.map((origin) => createWsTransport({ origin }));
  return createCrowd(
    {
      trace: buildTrace(scenario, seed),
      users: usersOf(worker, { users: scenario.users, workers }),
      crowds: workers,
      tag,
      runStartMs,
      session,
    },
    {
      clock,
      random: createSeededRandom(seed).fork('users'),
      log: { write: (level, message, fields = {}) => report({ kind: 'log', level, message, fields }) },
      transportFor: (user) => transports[user % transports.length]!,
      ciphers: createNodeCiphers(),
      encryption: encryptionOf(scenario, {
        random: createSeededRandom(seed).fork(`users:${worker}`),
        isVirtual: false,
      }),
      history: files.history,
      seconds: createSecondsRecorder(worker, files),
      vitals: createThreadVitals(),
    },
  );
}

const tellLines: LineSinks = {
  histograms: (lines) => report({ kind: 'lines', sink: 'histograms', lines }),
  counts: (lines) => report({ kind: 'lines', sink: 'counts', lines }),
  instrument: (lines) => report({ kind: 'lines', sink: 'instrument', lines }),
};

function report(message: WorkerReport): void {
  parentPort?.postMessage(message);
}

serve(workerData as WorkerOrder);
