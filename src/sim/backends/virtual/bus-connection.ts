import type { Ms } from '../../../system/index.ts';
import type { LinkConnection, VirtualLink } from './virtual-link.ts';
import type { VirtualProcess } from './virtual-process.ts';

/** One server's connection to what carries hints. It is watched, and made anew when it has died. */
export interface BusConnection {
  /** False from the moment that the server knows it to be broken until there is another. */
  readonly whole: boolean;
  /** `act` happens when `bytes` have got to the far end, or to this one. Not at all when they are lost on the way. */
  there(bytes: number, act: () => void): void;
  back(bytes: number, act: () => void): void;
}

/** As for the real bus. */
const watchEveryMs: Ms = 10_000;
const answerMs: Ms = 10_000;
const connectMs: Ms = 5000;
const retryFirstMs: Ms = 100;
const retryLastMs: Ms = 5000;
/** What is asked to see whether it still lives, and what is said before a new one can be used; each way. */
const questionBytes = 60;
const greetingBytes = 300;

export function createBusConnection(order: {
  readonly process: VirtualProcess;
  readonly link: VirtualLink;
  /** There is a connection again. */
  readonly reconnected: () => void;
}): BusConnection {
  const { process, link, reconnected } = order;
  let current: Line | null = null;
  /** Of the next question to the current line, or of its answer; null while nothing disturbs the link. */
  let cancelWatch: (() => void) | null = null;
  use(connect());
  return {
    get whole() {
      return current !== null;
    },
    there: (bytes, act) => current?.way.there.carry(bytes, act),
    back: (bytes, act) => current?.way.back.carry(bytes, act),
  };

  function connect(): Line {
    const line: Line = {
      way: link.connect({
        owner: process,
        broke: () => line.broke(),
        disturbed: () => current === line && watch(line),
      }),
      broke: () => undefined,
    };
    return line;
  }

  function use(line: Line): void {
    current = line;
    line.broke = () => lose(line);
    if (line.way.doubtful) watch(line);
  }

  /** One that has died in silence answers no question. Nobody asks while nothing disturbs the link. */
  function watch(line: Line): void {
    cancelWatch ??= process.clock.after(watchEveryMs, () => {
      cancelWatch = process.clock.after(answerMs, () => lose(line));
      ask(line, questionBytes, () => {
        cancelWatch?.();
        cancelWatch = null;
        if (line.way.doubtful) watch(line);
      });
    });
  }

  function lose(line: Line): void {
    if (current !== line) return;
    current = null;
    cancelWatch?.();
    cancelWatch = null;
    line.way.close();
    retry(retryFirstMs);
  }

  function retry(delayMs: Ms): void {
    process.clock.after(delayMs, () => {
      const fresh = connect();
      const giveUp = (): void => {
        cancel();
        fresh.broke = () => undefined;
        fresh.way.close();
        retry(Math.min(2 * delayMs, retryLastMs));
      };
      const cancel = process.clock.after(connectMs, giveUp);
      fresh.broke = giveUp;
      ask(fresh, greetingBytes, () => {
        cancel();
        use(fresh);
        reconnected();
      });
    });
  }
}

// ---

interface Line {
  readonly way: LinkConnection;
  /** Who hears that it broke. */
  broke: () => void;
}

/** Nothing is heard once it was closed. */
function ask(line: Line, bytes: number, heard: () => void): void {
  line.way.there.carry(bytes, () => line.way.back.carry(bytes, heard));
}
