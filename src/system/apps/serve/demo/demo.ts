import { join } from 'node:path';
import type { Item, Messenger } from '../../../client/messenger/contract.ts';
import type { Ms } from '../../../ports.ts';
import { Problem } from '../../../problem.ts';
import type { UserName } from '../../../protocol/ids.ts';
import { type LocalCluster, makeFolder } from '../cluster.ts';
import { type DemoActs, type DemoControl, startDemoControl } from './control.ts';
import { characters } from './lines.ts';
import { type Person, startPerson } from './person.ts';

/** A few scripted users, and a hand on the servers, so that one person alone can see the system live. */
export interface Demo {
  /** Where balancers pass on what is asked under `/demo/`. */
  readonly address: Pick<DemoControl, 'host' | 'port'>;
  /** The users come in; rejects with a `Problem` when they cannot. */
  begin(cluster: LocalCluster): Promise<void>;
  end(): Promise<void>;
}

export interface DemoOptions {
  /** Where the users' local databases are kept. */
  readonly data: string;
  /** How long a killed server stays away. Default 5000. */
  readonly awayMs?: Ms;
  /** How much time the users take to think and to type; 1 is that of people. Default 1. */
  readonly pace?: number;
}

export async function startDemo({ data, awayMs = 5000, pace = 1 }: DemoOptions): Promise<Demo> {
  let people: readonly Person[] = [];
  let cluster: LocalCluster | null = null;
  const restarts = new Set<NodeJS.Timeout>();
  const control = await startDemoControl({
    people: () => people.map(({ name }) => name),
    servers: () => (cluster?.servers ?? []).map(({ name, pid }) => ({ name, isUp: pid !== null })),
    welcome: (name) => void welcome(people, name).catch(() => {}),
    kill,
  } satisfies DemoActs);

  return {
    address: { host: control.host, port: control.port },
    async begin(started) {
      cluster = started;
      const folder = join(data, 'demo');
      makeFolder(folder);
      const names = new Set<string>();
      const options = { origin: started.endpoints[0]!, folder, pace, answers: turnsOf(names) };
      for (const character of characters) {
        const person = await startPerson(character, options);
        people = [...people, person];
        names.add(person.name);
      }
    },
    async end() {
      for (const timer of restarts) clearTimeout(timer);
      control.close();
      await Promise.all(people.map((person) => person.close()));
    },
  };

  async function kill(name: string): Promise<void> {
    if (!cluster?.servers.some((server) => server.name === name)) throw new Problem(`There is no server ${name}.`);
    await cluster.kill(name);
    const timer = setTimeout(() => {
      restarts.delete(timer);
      cluster?.start(name).catch(() => {});
    }, awayMs);
    restarts.add(timer);
  }
}

// ---

/** People are answered, and not each other; in a group by one after the other. */
function turnsOf(names: ReadonlySet<string>) {
  return ({ sender, seq, conversation }: Item, { me, conversation: find }: Messenger): boolean => {
    if (names.has(sender)) return false;
    const present = [...names];
    return find(conversation)?.kind === 'direct' || present[seq % present.length] === me?.name;
  };
}

const groupTitle = 'Tea room';

/** The first writes by itself, the second makes a group of all; to each person once. */
async function welcome([first, second, ...others]: readonly Person[], name: UserName): Promise<void> {
  if (first === undefined || second === undefined) return;
  const isKnown = first.messenger.conversations().some(({ kind, title }) => kind === 'direct' && title === name);
  if (isKnown) return;
  const direct = await first.messenger.openDirect(name).outcome;
  if (direct.kind !== 'sent') return;
  await first.say(direct.conversation, characters[0]!.hello);
  const companions = [name, first.name, ...others.map((other) => other.name)];
  const group = await second.messenger.createGroup(groupTitle, companions).outcome;
  if (group.kind !== 'sent') return;
  await second.say(group.conversation, characters[1]!.hello);
}
