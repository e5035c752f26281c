import { createBrowserTransport } from '../../src/system/adapters/browser-transport.ts';
import { createWsTransport } from '../../src/system/adapters/ws-transport.ts';
import { transportContract } from './transport.ts';

transportContract('ws', createWsTransport);
// Node has the same `fetch` and `WebSocket` as browsers.
transportContract('fetch', createBrowserTransport);
