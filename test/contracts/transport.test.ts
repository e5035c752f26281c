import { createBrowserTransport } from '../../src/system/adapters/browser-transport.ts';
import { createWsTransport } from '../../src/system/adapters/ws-transport.ts';
import { stubBrowserFetch } from '../helpers/browser-fetch.ts';
import { startTlsFront, trustTestCertificates } from '../helpers/certificates.ts';
import { transportContract } from './transport.ts';

transportContract('ws', createWsTransport);
trustTestCertificates();
transportContract('ws over TLS', createWsTransport, startTlsFront);
// Node has the same `WebSocket` as browsers.
stubBrowserFetch();
transportContract('fetch', createBrowserTransport);
