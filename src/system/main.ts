/**
 * The entry of one process of the system: `node main.ts server '{"name":"s1","database":"postgres://…"}'`. The settings are
 * JSON, in the second argument or in NAWAAB_SETTINGS (where other users of the machine cannot read a password); their
 * fields stand in `apps/process/settings.ts`. One line of JSON on standard output tells that the process is ready, with its
 * port, or why it cannot run; the log goes to standard error. SIGTERM drains and exits with 0.
 */
import { createLog } from './adapters/json-log.ts';
import { startBalancerProcess } from './apps/process/balancer-process.ts';
import { fail, live } from './apps/process/life.ts';
import { startServerProcess } from './apps/process/server-process.ts';
import {
  balancerProcessSettings,
  parseSettings,
  serverProcessSettings,
  settingsVariable,
} from './apps/process/settings.ts';
import { Problem } from './problem.ts';

const roles: Readonly<Record<string, (json: string) => Promise<void>>> = {
  server: (json) => {
    const settings = parseSettings(serverProcessSettings, json);
    const log = createLog({ component: settings.name, level: settings.logLevel });
    return live({ ...settings, log }, () => startServerProcess(settings, log));
  },
  balancer: (json) => {
    const settings = parseSettings(balancerProcessSettings, json);
    const log = createLog({ component: settings.name, level: settings.logLevel });
    return live({ ...settings, log }, () => startBalancerProcess(settings, log));
  },
};

const [, , role = '', argument] = process.argv;

try {
  const run = Object.hasOwn(roles, role) ? roles[role] : undefined;
  if (run === undefined) {
    throw new Problem(`There is no role "${role}". The roles are: ${Object.keys(roles).join(', ')}.`);
  }
  await run(argument ?? process.env[settingsVariable] ?? '{}');
} catch (error) {
  fail(error);
}
