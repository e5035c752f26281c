/** A server process like any other, but that its parent may stop at a point: `process.send` of a `FaultOrder` arms it. */
import { createLog } from '../../../src/system/adapters/json-log.ts';
import { live } from '../../../src/system/apps/process/life.ts';
import { startServerProcess } from '../../../src/system/apps/process/server-process.ts';
import { parseSettings, serverProcessSettings } from '../../../src/system/apps/process/settings.ts';
import { createFaultTrigger, type FaultOrder, pointsAround } from './points.ts';

const settings = parseSettings(serverProcessSettings, process.argv[2] ?? '');
const log = createLog({ component: settings.name, level: settings.logLevel });
const trigger = createFaultTrigger((signal) => process.kill(process.pid, signal));
process.on('message', (order) => {
  trigger.arm(order as FaultOrder);
  process.send?.('armed');
});
await live({ ...settings, log }, () => startServerProcess(settings, log, pointsAround(trigger)));
