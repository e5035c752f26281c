import type { CallAnswer, CallArgs, CallName } from '../host/calls.ts';
import type { FromHost, News, Port, Snapshot, ToHost } from '../host/wire.ts';

/** A tab's way to the messenger. */
export interface Link {
  /** Rejects with an `Error` whose message is one sentence for people. */
  call<K extends CallName>(name: K, ...args: CallArgs<K>): Promise<CallAnswer<K>>;
  /** A call that takes its time. */
  transfer<K extends CallName>(how: TransferOptions, name: K, ...args: CallArgs<K>): Promise<CallAnswer<K>>;
  close(): void;
}

export interface TransferOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: { readonly bytes: number; readonly total: number | null }) => void;
}

export interface LinkHandlers {
  snapshot(snapshot: Snapshot): void;
  news(news: readonly News[]): void;
  failed(message: string): void;
  /** Another tab has the messenger. */
  waits(): void;
  /** All that this browser had of the user is gone, and this link is of no use any more. */
  erased(): void;
}

export function createLink(port: Port, handlers: LinkHandlers): Link {
  interface Waiting {
    resolve(value: unknown): void;
    reject(error: Error): void;
    readonly onProgress: TransferOptions['onProgress'];
  }
  const waiting = new Map<number, Waiting>();
  let nextId = 1;

  port.onmessage = ({ data }) => {
    const message = data as FromHost;
    switch (message.kind) {
      case 'snapshot':
        return handlers.snapshot(message.snapshot);
      case 'news':
        return handlers.news(message.news);
      case 'failed':
        return handlers.failed(message.message);
      case 'waits':
        return handlers.waits();
      case 'erased':
        return handlers.erased();
      case 'progress':
        return waiting.get(message.id)?.onProgress?.(message.progress as never);
      case 'answer':
        return take(message.id)?.resolve(message.value);
      case 'problem':
        return take(message.id)?.reject(new Error(message.message));
      default:
        message satisfies never;
    }
  };

  return {
    call: (name, ...args) => transfer({}, name, ...args),
    transfer,
    close: () => say({ kind: 'bye' }),
  };

  function transfer<K extends CallName>(
    { signal, onProgress }: TransferOptions,
    name: K,
    ...args: CallArgs<K>
  ): Promise<CallAnswer<K>> {
    const id = nextId++;
    signal?.addEventListener('abort', () => say({ kind: 'cancel', id }), { once: true });
    return new Promise((resolve, reject) => {
      waiting.set(id, { resolve: resolve as (value: unknown) => void, reject, onProgress });
      say({ kind: 'call', id, name, args });
    });
  }

  function say(message: ToHost): void {
    port.postMessage(message);
  }

  function take(id: number): Waiting | undefined {
    const one = waiting.get(id);
    waiting.delete(id);
    return one;
  }
}
