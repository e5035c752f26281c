import fc from 'fast-check';
import type { Frame } from './chat-rig.ts';

const id = fc.integer({ min: 1, max: 5 });
const name = fc.constantFrom('anna', 'bob', 'nobody');
const users = fc.uniqueArray(name, { minLength: 1, maxLength: 3 });
const token = fc.constantFrom('x', 'not-a-token');
const payload = fc.stringMatching(/^[A-Za-z0-9_-]{0,40}$/);

const keys = fc.record(
  { epoch: fc.nat(3), sealed: fc.nat(3), commit: payload, bundle: id },
  { requiredKeys: ['epoch'] },
);

/** Frames that the schema accepts. */
export const validFrame: fc.Arbitrary<Frame> = fc.oneof(
  fc.record({ type: fc.constant('hello' as const), token }),
  fc.record({ type: fc.constant('send' as const), clientId: id, conversation: id, epoch: fc.nat(), payload }),
  fc.record({ type: fc.constant('openDirect' as const), clientId: id, with: name }),
  fc.record(
    {
      type: fc.constant('createGroup' as const),
      clientId: id,
      title: fc.string({ minLength: 1, maxLength: 9 }),
      users,
      keys,
    },
    { requiredKeys: ['type', 'clientId', 'title'] },
  ),
  fc.record(
    {
      type: fc.constantFrom('invite' as const, 'remove' as const),
      clientId: id,
      conversation: id,
      users,
      keys,
    },
    { requiredKeys: ['type', 'clientId', 'conversation', 'users'] },
  ),
  fc.record({ type: fc.constant('commit' as const), clientId: id, conversation: id, keys }),
  fc.record({ type: fc.constant('leave' as const), clientId: id, conversation: id }),
  fc.record({ type: fc.constantFrom('ack' as const, 'read' as const), conversation: id, upTo: fc.nat() }),
  fc.record({ type: fc.constant('typing' as const), conversation: id }),
  fc.record({ type: fc.constant('presence' as const), watch: fc.array(name, { maxLength: 3 }) }),
  fc.record({ type: fc.constant('ping' as const) }),
) as fc.Arbitrary<Frame>;

const odd = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom(0, -1, 0.5, 2 ** 53, 1e300, '', 'é', '\u0000', null, true, [], {}, 'x'.repeat(70_000)),
);
const oddKey = fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', 'toString', 'type', 'clientId'));

/** Valid frames with a field changed, missing or too many. */
export const mutatedFrame: fc.Arbitrary<unknown> = fc
  .record({ frame: validFrame, pick: fc.nat(), how: fc.constantFrom('change', 'drop', 'add'), value: odd, key: oddKey })
  .map(({ frame, pick, how, value, key }) => {
    const fields: [string, unknown][] = Object.entries(frame);
    const at = pick % fields.length;
    if (how === 'change') fields[at] = [fields[at]![0], value];
    else if (how === 'drop') fields.splice(at, 1);
    else fields.push([key, value]);
    return Object.fromEntries(fields);
  });
