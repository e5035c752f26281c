import { Worker } from 'node:worker_threads';
import type { Log, Ms } from '../../system/index.ts';
import type { Crowd, CrowdTotals } from './crowd-contract.ts';
import type { News } from './news.ts';
import type { LineSinks } from './seconds.ts';
import type { LinesReport, WorkerCall, WorkerNews, WorkerOrder, WorkerReport } from './worker-messages.ts';

export interface WorkersOrder extends Omit<WorkerOrder, 'worker' | 'follow'> {
  /** Hears the lines that the workers write; null when nobody does. */
  readonly heard?: LineSinks | null;
  /** What the workers log goes here, at `warn` and above. */
  readonly log: Log;
}

/**
 * Starts worker threads and hands out each as a crowd. Each builds the trace, drives its share of the users and writes
 * its own files. `stop` ends the thread; a thread that dies makes every later call reject with the cause.
 */
export function startCrowdWorkers(order: WorkersOrder): Crowd[] {
  const { log, heard = null, ...shared } = order;
  const crowds: WorkerCrowd[] = Array.from({ length: order.workers }, (_, worker) =>
    startWorker(
      { ...shared, worker, follow: heard !== null },
      { log, heard, news: (told) => tellOthers(worker, told) },
    ),
  );
  return crowds;

  function tellOthers(from: number, news: readonly News[]): void {
    for (const [worker, crowd] of crowds.entries()) if (worker !== from) crowd.hear(news);
  }
}

// ---

type Call = WorkerCall extends infer T ? (T extends { id: number } ? Omit<T, 'id'> : never) : never;

interface Waiting {
  resolve(): void;
  reject(cause: Error): void;
}

const nothing: CrowdTotals = {
  connected: 0,
  offered: 0,
  accepted: 0,
  refused: 0,
  withheld: 0,
  expected: 0,
  delivered: 0,
  expired: 0,
  disconnects: 0,
  unseen: 0,
  transfers: 0,
  deliveryP99Ms: null,
};

/** Hands on what other crowds tell. */
interface WorkerCrowd extends Crowd {
  hear(news: readonly News[]): void;
}

interface Listeners {
  readonly log: Log;
  readonly heard: LineSinks | null;
  readonly news: (news: readonly News[]) => void;
}

function startWorker(order: WorkerOrder, { log, heard, news }: Listeners): WorkerCrowd {
  // After a build the file beside this one is JavaScript, as this one is.
  const entry = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url);
  const thread = new Worker(entry, { workerData: order, name: `users ${order.worker}` });
  const waiting = new Map<number, Waiting>();
  let totals = nothing;
  let dead: Error | null = null;
  let nextId = 1;

  thread.on('message', hear);
  thread.on('error', (error) => die(`The worker thread ${order.worker} of the users died: ${error.message}`));
  thread.on('exit', () => die(`The worker thread ${order.worker} of the users has ended.`));

  return {
    signUp: () => call({ method: 'signUp' }),
    connect: (startMs: Ms) => call({ method: 'connect', startMs }),
    openConversations: () => call({ method: 'openConversations' }),
    send: (startMs: Ms) => call({ method: 'send', startMs }),
    comeBack: () => call({ method: 'comeBack' }),
    totals: () => totals,
    hear: (told) => thread.postMessage({ method: 'hear', news: told } satisfies WorkerNews),
    async stop() {
      try {
        await call({ method: 'stop' });
      } finally {
        await thread.terminate();
      }
    },
  };

  function call(what: Call): Promise<void> {
    if (dead) return Promise.reject(dead);
    const id = nextId++;
    thread.postMessage({ id, ...what });
    return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
  }

  function hear(report: WorkerReport): void {
    switch (report.kind) {
      case 'totals':
        totals = report.totals;
        break;
      case 'news':
        news(report.news);
        break;
      case 'lines':
        if (heard) handOn(report, heard);
        break;
      case 'log':
        if (report.level === 'warn' || report.level === 'error') log.write(report.level, report.message, report.fields);
        break;
      case 'done':
        totals = report.totals;
        settle(report.id)?.resolve();
        break;
      case 'failed':
        settle(report.id)?.reject(new Error(report.reason));
        break;
      default:
        report satisfies never;
    }
  }

  function settle(id: number): Waiting | undefined {
    const one = waiting.get(id);
    waiting.delete(id);
    return one;
  }

  function die(reason: string): void {
    dead ??= new Error(reason);
    for (const one of waiting.values()) one.reject(dead);
    waiting.clear();
  }
}

function handOn(report: LinesReport, heard: LineSinks): void {
  if (report.sink === 'histograms') heard.histograms(report.lines);
  else if (report.sink === 'counts') heard.counts(report.lines);
  else heard.instrument(report.lines);
}
