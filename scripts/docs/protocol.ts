/** `docs/protocol.md`: complete enough to write a client in another language from it alone. */
import {
  clientFrame,
  closeCodes,
  errors,
  imageFormats,
  imageLimits,
  imageReference,
  imageThumbnail,
  limits,
  type Route,
  reservedNames,
  routes,
  serverFrame,
  socketPath,
} from '../../src/system/index.ts';
import { fieldsOf, framesOf } from './schema-table.ts';

export function protocolPage(): string {
  return [
    opening,
    httpSection(),
    nameSection,
    socketSection,
    '### Client to server',
    framesOf(clientFrame),
    '### Server to client',
    framesOf(serverFrame),
    closing(),
    imageSection(),
    errorSection(),
    limitSection(),
    '',
  ].join('\n\n');
}

const opening: string = `# The protocol

Made from the schemas in \`src/system/protocol/\` by \`npm run docs\`; do not edit.

A client signs up and in over HTTP, then keeps one WebSocket. All bodies and frames are JSON in UTF-8, but for the bytes of images; unknown fields are refused.
All times called \`at\` are milliseconds since 1970-01-01 UTC; all durations are milliseconds.

## What is promised

1. \`accepted\` is sent only after the message is on the database's disk.
2. An accepted message reaches every member of the conversation at that place in it, now or when they return before it expires (7 days by default); who returns later is told what has expired.
3. Each operation happens at most once: (device, \`clientId\`) is unique for ever, and repeating an operation returns its first answer.
4. A conversation has one sequence 1, 2, 3 … without gaps. Messages and changes of membership share it. Everybody sees the same order, and each sender's own order is kept.
5. A user sees the entries from the one that made them a member to the one that ended it, and nothing else.
6. Every limit has a name (see Limits). A reader who is too slow is disconnected with 4008 and catches up later.
7. Every error says whether the operation certainly did not happen (see Errors).`;

function httpSection(): string {
  const sections = Object.values(routes).map(routeSection);
  return [
    '## HTTP',
    'Authenticated requests carry `Authorization: Bearer <token>`. An error has a body of the form below and the status of its entry in the table of errors; `Retry-After` (seconds) goes with `tooMany` and `busy`.',
    ...sections,
  ].join('\n\n');
}

function routeSection(route: Route): string {
  const parts = [`#### \`${route.method} ${route.path}\`${route.authenticated ? ' (authenticated)' : ''}`, route.does];
  if (route.query) parts.push(`Query:\n\n${fieldsOf(route.query)}`);
  if (route.body) parts.push(`Body:\n\n${fieldsOf(route.body)}`);
  if (route.answer) parts.push(`Answer:\n\n${fieldsOf(route.answer)}`);
  return parts.join('\n\n');
}

const nameSection: string = `## Names

A user is found, and signs in, by the exact name in any case. Names that look alike cannot stand beside each other: each has a
skeleton, without \`.\`, \`_\`, \`-\` and case, with \`l\` for \`i\` and \`1\`, \`o\` for \`0\`, \`rn\` for \`m\` and \`vv\` for \`w\`, and whoever comes second is
refused with \`nameTaken\` (after UTS #39, section 4). The name of a deleted user stays taken. Refused with \`nameReserved\`, and everything that
looks like them: ${reservedNames.map((name) => `\`${name}\``).join(', ')}.`;

const socketSection: string = `## WebSocket \`${socketPath}\`

One text frame is one JSON message with a \`type\`. Binary frames are refused. A conversation in order:

1. The client opens the socket and sends \`hello\` with its token, before anything else.
2. The server answers \`welcome\`, one \`conversation\` for each conversation of the user, then the entries (\`message\`, \`membership\`) that the device has not stored yet, ascending in each conversation, with \`expired\` in the place of those that were kept no longer, then \`caughtUp\`. Live entries follow, and may come between those of *other* conversations before \`caughtUp\`; within a conversation the order is never broken.
3. Entries of one conversation arrive with ascending \`seq\`. A device does not get its own entries back: they come as \`accepted\`, which may arrive before an entry with a smaller \`seq\` of somebody else. So a device knows every place of the sequence, either from an entry or from its own \`accepted\`. After a reconnect its own entries beyond its cursor come as entries, which then also mean "accepted".
4. The client stores what it gets, then sends \`ack\` with the last place up to which it knows everything. Acks are cumulative and may be sent seldom.
5. An operation is answered by \`accepted\` or \`refused\`. When the connection is lost before the answer, the client repeats the operation with the same \`clientId\` after the next \`welcome\`, in the original order. A device that repeats never doubles.
6. To keep its own order, a client repeats a refused operation (\`busy\`, \`databaseDown\`, \`uncertain\`, \`tooMany\`) before it sends later ones to the same conversation, or sends them all again.
7. Each side must say something every \`heartbeatMs\`; a silent client sends \`ping\`. Two heartbeats of silence end the connection.
8. Reconnect with backoff: wait a random time between 0 and min(max, base · 2^attempt). Sign in again only when told 4001.
9. \`read\` is never answered. \`receipt\` and \`typing\` are sent to those only who asked for them in \`hello\`, \`presence\` to those who named somebody, when nothing else waits to be sent to them, and never holds up a message. A server may give such news up; the next ones, or those after a reconnect, make it good.

### Keys

The server carries MLS messages (RFC 9420) and looks into none of them. It counts: each conversation has an epoch, 0 until somebody gives it keys and then the epoch of its MLS group.

1. A \`send\` is accepted only with the epoch in force. A change of keys is accepted only when it was made in the epoch, and under the seal, in force; so of two the first wins. The other is refused with \`staleEpoch\`, and so is what was encrypted under old keys. When that refusal comes, all entries of the conversation that stood there at the time have been sent: take them in, encrypt anew and ask again.
2. Who comes or goes by another's hand comes or goes in the same entry as the keys that include or exclude them. In an encrypted conversation (epoch above 0) \`invite\` and \`remove\` without \`keys\` are refused with \`keysNeeded\`.
3. Nobody can make keys without themselves. So \`leave\` brings none: its entry seals an encrypted conversation, and nothing is accepted but a change of keys made by a remaining member who has seen it: one whose \`sealed\` is the place of that entry.
4. Keys for those who come, and what a new device of a member needs to come in by itself, lie in a key bundle that is uploaded first.`;

function closing(): string {
  const rows = Object.entries(closeCodes).map(([code, meaning]) => `| ${code} | ${meaning} |`);
  return ['### Close codes', ['| code | meaning |', '|---|---|', ...rows].join('\n')].join('\n\n');
}

function imageSection(): string {
  const rows = Object.entries(imageLimits).map(([name, value]) => `| \`${name}\` | ${value} |`);
  const kinds = Object.values(imageFormats).map(({ name, type }) => `${name} (\`${type}\`)`);
  return [
    '## Images',
    `Clients encrypt and check images among themselves; the server sees a blob. Taken are ${kinds.join(', ')}, told by the bytes and by nothing else; anything else, SVG and HTML among it, is neither sent nor shown. Dimensions are read from the header before anybody decodes.`,
    `**Encryption.** The sender draws a key of 32 bytes for this image alone, cuts the image into chunks of 65,536 bytes (the last one has 1 to 65,536), and encrypts each by AES-256-GCM with a tag of 16 bytes behind it. The nonce of 12 bytes is seven zeros, the place of the chunk from 0 as 32 bits (high byte first), and 1 for the last chunk, 0 for the others; the associated data are the 14 bytes \`nawaab image 1\`. One behind the other the chunks are the blob. This is the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár, CRYPTO 2015): a chunk that is changed, dropped, doubled, swapped or missing at the end does not open. A receiver checks each chunk before it uses it, the length and the digest of the blob at the end, and that type and dimensions are those of the reference; when one does not fit, nothing is kept.`,
    'What travels inside the encrypted message:',
    fieldsOf(imageReference),
    'A thumbnail, checked in the same way as an image:',
    fieldsOf(imageThumbnail),
    'Limits that clients keep, of what they send and of what they show:',
    ['| name | value |', '|---|---|', ...rows].join('\n'),
  ].join('\n\n');
}

function errorSection(): string {
  const rows = Object.entries(errors).map(
    ([code, entry]) =>
      `| \`${code}\` | ${entry.status} | ${entry.definite ? 'certainly not' : '**maybe**'} | ${entry.meaning} |`,
  );
  return [
    '## Errors',
    ['| code | HTTP status | did it happen? | meaning |', '|---|---|---|---|', ...rows].join('\n'),
  ].join('\n\n');
}

function limitSection(): string {
  const rows = Object.entries(limits).map(([name, value]) => `| \`${name}\` | ${value} |`);
  return [
    '## Limits',
    'Those in force are announced in `welcome`.',
    ['| name | value |', '|---|---|', ...rows].join('\n'),
  ].join('\n\n');
}
