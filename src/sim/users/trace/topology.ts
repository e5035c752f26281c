import type { Random } from '../../../system/index.ts';
import type { Topology } from '../../scenario.ts';

/** Who talks with whom. Conversation `c` has the members `members[memberFrom[c]]` … before `memberFrom[c + 1]`; the first opens it. */
export interface Conversations {
  readonly kind: 'direct' | 'group';
  readonly count: number;
  readonly memberFrom: Uint32Array;
  /** Indexes of users. */
  readonly members: Uint32Array;
}

/** The same seen from the users: user `u` is in `conversations[from[u]]` … before `from[u + 1]`. */
export interface Belonging {
  readonly from: Uint32Array;
  readonly conversations: Uint32Array;
}

export function buildConversations(topology: Topology, users: number, random: Random): Conversations {
  switch (topology.kind) {
    case 'pairs':
      return conversationsOf('direct', pairs(users));
    case 'friends':
      return conversationsOf('direct', friends(users, topology.degree, random));
    case 'groups':
      return conversationsOf('group', groups(users, topology, random));
  }
}

export function belongingOf(conversations: Conversations, users: number): Belonging {
  const { members, memberFrom, count } = conversations;
  const from = new Uint32Array(users + 1);
  for (const user of members) from[user + 1]!++;
  for (let user = 0; user < users; user++) from[user + 1]! += from[user]!;
  const next = from.slice();
  const of = new Uint32Array(members.length);
  for (let conversation = 0; conversation < count; conversation++) {
    for (let i = memberFrom[conversation]!; i < memberFrom[conversation + 1]!; i++) {
      of[next[members[i]!]!++] = conversation;
    }
  }
  return { from, conversations: of };
}

// ---

function conversationsOf(kind: Conversations['kind'], lists: readonly (readonly number[])[]): Conversations {
  const memberFrom = new Uint32Array(lists.length + 1);
  lists.forEach((list, index) => {
    memberFrom[index + 1] = memberFrom[index]! + list.length;
  });
  return { kind, count: lists.length, memberFrom, members: Uint32Array.from(lists.flat()) };
}

function pairs(users: number): number[][] {
  return Array.from({ length: Math.floor(users / 2) }, (_, index) => [2 * index, 2 * index + 1]);
}

/** Each user in turn makes friends, with a stream of their own, until they have `degree`; being drawn by others can give more. */
function friends(users: number, degree: number, random: Random): number[][] {
  const enough = Math.min(degree, users - 1);
  const friendsOf = Array.from({ length: users }, () => new Set<number>());
  const made: number[][] = [];
  for (let user = 0; user < users; user++) {
    const own = random.fork(`user:${user}`);
    const known = friendsOf[user]!;
    while (known.size < enough) {
      const other = Math.floor(own.next() * users);
      if (other === user || known.has(other)) continue;
      known.add(other);
      friendsOf[other]!.add(user);
      made.push([user, other]);
    }
  }
  return made;
}

function groups(users: number, topology: Extract<Topology, { kind: 'groups' }>, random: Random): number[][] {
  const { count, size } = topology;
  return Array.from({ length: count }, (_, index) => drawDistinct(users, size, random.fork(`group:${index}`)));
}

/** Floyd's algorithm: `size` different numbers below `users`, each set equally likely, in `size` draws. */
function drawDistinct(users: number, size: number, random: Random): number[] {
  const drawn = new Set<number>();
  for (let last = users - size; last < users; last++) {
    const one = Math.floor(random.next() * (last + 1));
    drawn.add(drawn.has(one) ? last : one);
  }
  return [...drawn];
}
