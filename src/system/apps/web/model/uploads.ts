import { type ReadonlySignal, signal } from '@preact/signals';
import type { ConversationId } from '../../../browser.ts';
import type { Link } from './link.ts';

/** Images between the tab and the messenger's queue. They do not outlive the page. */
export interface Uploads {
  readonly all: ReadonlySignal<readonly Upload[]>;
  /** Never rejects: what goes wrong is said by `failed`. */
  add(
    conversation: ConversationId,
    image: Blob,
    about: { readonly name: string; readonly caption: string },
  ): Promise<void>;
  cancel(key: number): void;
}

export interface Upload {
  readonly key: number;
  readonly conversation: ConversationId;
  readonly name: string;
  /** 0 to 1; null before anything has moved. */
  readonly done: number | null;
}

export function createUploads(link: () => Link, failed: (why: string) => void): Uploads {
  const all = signal<readonly Upload[]>([]);
  const controllers = new Map<number, AbortController>();
  let nextKey = 1;

  return {
    all,
    async add(conversation, image, { name, caption }) {
      const key = nextKey++;
      const controller = new AbortController();
      controllers.set(key, controller);
      all.value = [...all.value, { key, conversation, name, done: null }];
      const onProgress = ({ bytes, total }: { readonly bytes: number; readonly total: number | null }): void =>
        change(key, total === null ? null : bytes / total);
      try {
        const how = { signal: controller.signal, onProgress };
        const outcome = await link().transfer(how, 'sendImage', conversation, image, caption);
        if (outcome.kind === 'notUploaded' || outcome.kind === 'failed') failed(outcome.reason);
      } catch (error) {
        failed((error as Error).message);
      } finally {
        controllers.delete(key);
        all.value = all.value.filter((one) => one.key !== key);
      }
    },
    cancel: (key) => controllers.get(key)?.abort(),
  };

  function change(key: number, done: number | null): void {
    all.value = all.value.map((one) => (one.key === key ? { ...one, done } : one));
  }
}
