import type { HttpResponse, Transport } from '../../src/system/ports.ts';
import type { ChatRig } from './chat-rig.ts';

/** The way of a client to one server of a rig, for requests only: no network in between. */
export function rigTransport(rig: ChatRig, server = 0): Transport {
  return {
    request: async (request) => asText(await rig.servers[server]!.http({ ...request, remote: '10.0.0.9' })),
    open: () => {
      throw new Error('This transport opens no sockets; use `rig.connect`.');
    },
  };
}

/** An answer whose body comes in pieces, as a client reads it. */
export async function asText({ bytes, ...answer }: HttpResponse): Promise<HttpResponse> {
  if (bytes === undefined) return answer;
  const pieces: Uint8Array[] = [];
  for await (const piece of bytes.pieces) pieces.push(piece);
  return { ...answer, body: Buffer.concat(pieces).toString('utf8') };
}
